/* SPDX-License-Identifier: ISC */
/*
 * Where a torrent's content goes. Each function returns an absolute path, to be freed, or NULL with
 * errno: ELOOP says that a symbolic link happens to have the torrent's name, and may lead anywhere;
 * one that the user names is the user's wish.
 */
#ifndef TOOLS_SAVEAS_H
#define TOOLS_SAVEAS_H

#include <btcore/metainfo.h>

/* For one torrent, by BitTornado's rule: saveas is the file or the folder itself; a folder full of
 * other things gets one of the torrent's name; "": the torrent's name in the current folder. */
char *saveas_one(const struct bt_metainfo *m, const char *saveas);

/* For one of several: by its name in the folder, which is made if need be; "": the current one. */
char *saveas_among(const struct bt_metainfo *m, const char *folder);

/* As btlaunchmany's --saveas_style has it. stem: the torrent file's name without its suffix. 1: the
 * stem in the folder; 2: the torrent's name in it; 3: that in a folder of the stem's name. */
char *saveas_styled(const struct bt_metainfo *m, const char *folder, const char *stem, int style);

/* The path itself, as a file that need not be there. */
char *saveas_absolute(const char *path);

#endif
