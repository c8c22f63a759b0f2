/* SPDX-License-Identifier: ISC */
/* Keeps the torrents of a folder seeded, each beside its torrent file.
 * cc example_folder.c $(pkg-config --cflags --libs btcore) */
#include <poll.h>
#include <stdint.h>
#include <stdio.h>

#include <btcore/folder.h>
#include <btcore/metainfo.h>
#include <btcore/session.h>

static const char *folder;

/* The mark of a file is the number of its torrent. */
static void
add(struct bt_session *session, const char *path, void **mark)
{
	struct bt_metainfo *meta;
	struct bt_error err;
	uint32_t id = 0;

	if (bt_metainfo_open(path, &meta, &err) != BT_OK ||
	    bt_session_add_metainfo(session, meta, folder, &id, &err) != BT_OK)
		fprintf(stderr, "%s: %s\n", path, err.text);
	else
		printf("added %s\n", path);
	bt_metainfo_free(meta);
	*mark = (void *)(uintptr_t)id;
}

static void
on_change(void *session, enum bt_folder_change change, const char *path, void **mark)
{
	if (change != BT_FOLDER_ADDED) {
		(void)bt_session_remove(session, (uint32_t)(uintptr_t)*mark);
		printf("dropped %s\n", path);
	}
	if (change != BT_FOLDER_REMOVED)
		add(session, path, mark);
}

static void
tell(struct bt_session *session)
{
	struct bt_event *e;

	while ((e = bt_session_next_event(session)) != NULL) {
		if (e->type == BT_EVENT_COMPLETE)
			printf("torrent %u is complete\n", (unsigned)e->torrent);
		bt_event_free(e);
	}
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	struct bt_session *session = NULL;
	struct bt_folder *list;
	struct bt_error err = { BT_OK, 0, "" };

	folder = argc == 2 ? argv[1] : ".";
	list = bt_folder_new(folder);
	if (list == NULL || bt_session_new(NULL, NULL, NULL, &session, &err) != BT_OK) {
		fprintf(stderr, "example: %s\n", err.text);
		return 1;
	}
	for (;;) {
		struct pollfd fds[] = { { bt_folder_fd(list), POLLIN, 0 },
			{ bt_session_fd(session), POLLIN, 0 } };

		(void)bt_folder_look(list, on_change, session, NULL);
		tell(session);
		(void)poll(fds, 2, 60000);
	}
}
