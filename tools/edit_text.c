/* SPDX-License-Identifier: ISC */
#include "tools/edit_text.h"

#include <stdlib.h>
#include <string.h>

#include "tools/json.h"
#include "tools/text.h"

typedef size_t (*urls_fn)(const struct bt_edit *e, enum bt_edit_when when,
    struct bt_edit_url *out, size_t max);
typedef struct bt_slice (*text_fn)(const struct bt_edit *e, enum bt_edit_when when);
typedef bool (*hash_fn)(const struct bt_edit *e, enum bt_edit_when when, uint8_t *out);

/* To be freed. */
static struct bt_edit_url *
urls_of(urls_fn get, const struct bt_edit *e, enum bt_edit_when when, size_t *count)
{
	struct bt_edit_url *urls;

	*count = get(e, when, NULL, 0);
	urls = calloc(*count + 1, sizeof(*urls));
	if (urls == NULL)
		abort();
	(void)get(e, when, urls, *count);
	return urls;
}

static bool
text_differs(text_fn get, const struct bt_edit *e)
{
	struct bt_slice a = get(e, BT_EDIT_BEFORE), b = get(e, BT_EDIT_NOW);

	return a.len != b.len || (a.ptr == NULL) != (b.ptr == NULL) ||
	    (a.len > 0 && memcmp(a.ptr, b.ptr, a.len) != 0);
}

/* -- for people -- */

static void
print_urls(FILE *out, urls_fn get, const struct bt_edit *e, enum bt_edit_when when)
{
	const char *between = get == bt_edit_trackers ? "," : "|";
	size_t count;
	struct bt_edit_url *urls = urls_of(get, e, when, &count);

	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			(void)fputs(urls[i].tier == urls[i - 1].tier ? between : "|", out);
		text_print(out, urls[i].url);
	}
	if (count == 0)
		(void)fputs("none", out);
	free(urls);
}

static void
print_text(FILE *out, struct bt_slice text)
{
	if (text.ptr == NULL)
		(void)fputs("none", out);
	else
		text_print(out, text);
}

static void
say_urls(FILE *out, urls_fn get, const struct bt_edit *e, const char *key, const char *path)
{
	if (!bt_edit_changed(e, key))
		return;
	text_puts(out, path);
	(void)fprintf(out, ": %s: ", key);
	print_urls(out, get, e, BT_EDIT_BEFORE);
	(void)fputs(" -> ", out);
	print_urls(out, get, e, BT_EDIT_NOW);
	(void)fputc('\n', out);
}

static void
say_text(FILE *out, text_fn get, const struct bt_edit *e, const char *key, const char *path)
{
	if (!text_differs(get, e))
		return;
	text_puts(out, path);
	(void)fprintf(out, ": %s: ", key);
	print_text(out, get(e, BT_EDIT_BEFORE));
	(void)fputs(" -> ", out);
	print_text(out, get(e, BT_EDIT_NOW));
	(void)fputc('\n', out);
}

static void
print_hex(FILE *out, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		(void)fprintf(out, "%02x", bytes[i]);
}

static void
say_hash(FILE *out, hash_fn get, size_t len, const struct bt_edit *e, const char *label,
    const char *path)
{
	uint8_t was[32], is[32];

	if (!get(e, BT_EDIT_BEFORE, was) || !get(e, BT_EDIT_NOW, is))
		return;
	text_puts(out, path);
	(void)fprintf(out, ": %s: ", label);
	print_hex(out, was, len);
	(void)fputs(" -> ", out);
	print_hex(out, is, len);
	(void)fputc('\n', out);
}

void
edit_say_info_hash(FILE *out, const struct bt_edit *e, const char *path)
{
	if (!bt_edit_changed(e, "info"))
		return;
	say_hash(out, bt_edit_info_hash, 20, e, "info hash", path);
	say_hash(out, bt_edit_info_hash_v2, 32, e, "info hash v2", path);
}

void
edit_say_changes(FILE *out, const struct bt_edit *e, const char *path)
{
	say_text(out, bt_edit_announce, e, "announce", path);
	say_urls(out, bt_edit_trackers, e, "announce-list", path);
	say_urls(out, bt_edit_http_seeds, e, "httpseeds", path);
	if (!bt_edit_changed(e, "info"))
		return;
	say_text(out, bt_edit_name, e, "name", path);
	say_text(out, bt_edit_source, e, "source", path);
	edit_say_info_hash(out, e, path);
}

void
edit_say_old_urls(FILE *out, const struct bt_edit *e, const char *label, const char *path)
{
	urls_fn get = strcmp(label, "announce-list") == 0 ? bt_edit_trackers : bt_edit_http_seeds;

	if (get(e, BT_EDIT_BEFORE, NULL, 0) == 0)
		return;
	(void)fprintf(out, "old %s for ", label);
	text_puts(out, path);
	(void)fputs(": ", out);
	print_urls(out, get, e, BT_EDIT_BEFORE);
	(void)fputc('\n', out);
}

void
edit_say_old_trackers(FILE *out, const struct bt_edit *e, const char *path)
{
	struct bt_slice announce = bt_edit_announce(e, BT_EDIT_BEFORE);

	if (announce.ptr == NULL) {
		(void)fputs("No announce found.\n", out);
	} else {
		(void)fputs("old announce for ", out);
		text_puts(out, path);
		(void)fputs(": ", out);
		text_print(out, announce);
		(void)fputc('\n', out);
	}
	edit_say_old_urls(out, e, "announce-list", path);
}

void
edit_say_new_trackers(FILE *out, const struct bt_edit *e)
{
	(void)fputs("new announce:  ", out);
	print_text(out, bt_edit_announce(e, BT_EDIT_NOW));
	(void)fputc('\n', out);
	if (bt_edit_trackers(e, BT_EDIT_NOW, NULL, 0) == 0)
		return;
	(void)fputs("new announce-list:  ", out);
	print_urls(out, bt_edit_trackers, e, BT_EDIT_NOW);
	(void)fputc('\n', out);
}

/* -- for programs -- */

static void
json_text(struct bt_json *j, const char *key, struct bt_slice text)
{
	if (text.ptr == NULL)
		bt_json_null(j, key);
	else
		bt_json_slice(j, key, text);
}

static void
json_hash(struct bt_json *j, const char *key, hash_fn get, size_t len, const struct bt_edit *e,
    enum bt_edit_when when)
{
	uint8_t hash[32];

	bt_json_hex(j, key, get(e, when, hash) ? hash : NULL, len);
}

static void
json_hashes(struct bt_json *j, const struct bt_edit *e, enum bt_edit_when when)
{
	json_hash(j, "info_hash", bt_edit_info_hash, 20, e, when);
	json_hash(j, "info_hash_v2", bt_edit_info_hash_v2, 32, e, when);
}

static void
json_urls(struct bt_json *j, const char *key, urls_fn get, const struct bt_edit *e,
    enum bt_edit_when when)
{
	bool tiers = get == bt_edit_trackers;
	size_t count;
	struct bt_edit_url *urls = urls_of(get, e, when, &count);

	bt_json_array(j, key);
	for (size_t i = 0; i < count; i++) {
		bool begins = i == 0 || urls[i].tier != urls[i - 1].tier;

		if (tiers && begins && i > 0)
			bt_json_end(j);
		if (tiers && begins)
			bt_json_array(j, NULL);
		bt_json_slice(j, NULL, urls[i].url);
	}
	if (tiers && count > 0)
		bt_json_end(j);
	bt_json_end(j);
	free(urls);
}

/* What differs, as it was or is. */
static void
json_face(struct bt_json *j, const char *key, const struct bt_edit *e, enum bt_edit_when when)
{
	bt_json_object(j, key);
	if (text_differs(bt_edit_announce, e))
		json_text(j, "announce", bt_edit_announce(e, when));
	if (bt_edit_changed(e, "announce-list"))
		json_urls(j, "announce_list", bt_edit_trackers, e, when);
	if (bt_edit_changed(e, "httpseeds"))
		json_urls(j, "httpseeds", bt_edit_http_seeds, e, when);
	if (bt_edit_changed(e, "info")) {
		if (text_differs(bt_edit_name, e))
			json_text(j, "name", bt_edit_name(e, when));
		if (text_differs(bt_edit_source, e))
			json_text(j, "source", bt_edit_source(e, when));
		json_hashes(j, e, when);
	}
	bt_json_end(j);
}

void
edit_json(FILE *out, const struct bt_edit *e, const char *path)
{
	struct bt_json j;

	json_to(&j, out);
	bt_json_object(&j, NULL);
	bt_json_string(&j, "path", path);
	json_hashes(&j, e, BT_EDIT_NOW);
	bt_json_bool(&j, "changed", bt_edit_changed(e, NULL));
	json_face(&j, "old", e, BT_EDIT_BEFORE);
	json_face(&j, "new", e, BT_EDIT_NOW);
	bt_json_end(&j);
}

void
edit_json_error(FILE *out, const char *path, const char *why)
{
	struct bt_json j;

	json_to(&j, out);
	bt_json_object(&j, NULL);
	bt_json_string(&j, "path", path);
	bt_json_bool(&j, "changed", false);
	bt_json_string(&j, "error", why);
	bt_json_end(&j);
}
