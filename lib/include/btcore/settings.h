/* SPDX-License-Identifier: ISC */
/*
 * How a session behaves: values that are read and written by their names. The table names,
 * describes and checks them; later versions of the library have more rows and change none. One
 * thread at a time may use a struct bt_settings.
 */
#ifndef BTCORE_SETTINGS_H
#define BTCORE_SETTINGS_H

#include <stdint.h>

#include <btcore/option.h>

struct bt_settings;

/* The rows. bt_options_* takes the table with a struct bt_settings as its values; the functions
 * below save one to name it. */
const struct bt_option_table *bt_settings_table(void);

/* These give the defaults, or what another one holds. The caller frees it; NULL: no memory. */
struct bt_settings *bt_settings_new(void);
struct bt_settings *bt_settings_copy(const struct bt_settings *from);

/* NULL is fine. */
void bt_settings_free(struct bt_settings *s);

/* They change one value, as bt_options_set and its kin. On failure it stays as it was. */
enum bt_code bt_settings_set(struct bt_settings *s, const char *name, const char *text,
    struct bt_error *err);
enum bt_code bt_settings_set_int(struct bt_settings *s, const char *name, int64_t value,
    struct bt_error *err);
enum bt_code bt_settings_set_float(struct bt_settings *s, const char *name, double value,
    struct bt_error *err);

/* They read one value, as bt_options_get_int and its kin. */
enum bt_code bt_settings_get_int(const struct bt_settings *s, const char *name, int64_t *out,
    struct bt_error *err);
enum bt_code bt_settings_get_float(const struct bt_settings *s, const char *name, double *out,
    struct bt_error *err);
const char *bt_settings_get_text(const struct bt_settings *s, const char *name);

/* The limits that one torrent may have besides, all whole numbers: see bt_session_set_limit. */
const struct bt_option_table *bt_limits_table(void);

#endif
