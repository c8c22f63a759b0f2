/* SPDX-License-Identifier: ISC */
/* btshowmetainfo --scrape: what the trackers of each torrent know of it. */
#include <inttypes.h>
#include <stdio.h>

#include <btcore/scrape.h>

#include "tools/json.h"
#include "tools/show.h"
#include "tools/text.h"

static void
print_number(int64_t n, const char *what)
{
	if (n < 0)
		(void)printf("? %s", what);
	else
		(void)printf("%" PRId64 " %s", n, what);
}

static void
print_reply(void *arg, const struct bt_scrape_reply *r)
{
	text_puts(stdout, arg);
	(void)fputs(": ", stdout);
	text_print(stdout, r->url);
	(void)fputs(": ", stdout);
	if (r->code == BT_OK) {
		print_number(r->complete, "seeds, ");
		print_number(r->incomplete, "leeches, ");
		print_number(r->downloaded, "completed");
	} else {
		text_puts(stdout, r->text);
	}
	(void)putchar('\n');
}

static void
add_reply(void *arg, const struct bt_scrape_reply *r)
{
	struct bt_json *j = arg;

	bt_json_object(j, NULL);
	bt_json_slice(j, "url", r->url);
	bt_json_uint(j, "tier", r->tier);
	bt_json_known(j, "seeds", r->complete);
	bt_json_known(j, "leeches", r->incomplete);
	bt_json_known(j, "completed", r->downloaded);
	if (r->code == BT_OK)
		bt_json_null(j, "error");
	else
		bt_json_string(j, "error", r->text);
	bt_json_end(j);
}

static enum bt_code
scrape_json(const char *path, const struct bt_metainfo *m, size_t *answered, struct bt_error *err)
{
	enum bt_code code;
	struct bt_json j;

	json_to(&j, stdout);
	bt_json_object(&j, NULL);
	bt_json_string(&j, "metainfo_file", path);
	bt_json_hex(&j, "info_hash", bt_metainfo_info_hash(m), 20);
	bt_json_hex(&j, "info_hash_v2", bt_metainfo_info_hash_v2(m), 32);
	bt_json_array(&j, "trackers");
	code = bt_scrape(m, 0, add_reply, &j, answered, err);
	bt_json_end(&j);
	bt_json_uint(&j, "answered", *answered);
	bt_json_end(&j);
	return code;
}

bool
show_scrape(const struct show *s, const char *path, const struct bt_metainfo *m)
{
	size_t answered;
	struct bt_error err;
	enum bt_code code = s->json ? scrape_json(path, m, &answered, &err) :
	    bt_scrape(m, 0, print_reply, (void *)path, &answered, &err);

	if (code != BT_OK)
		cli_error(s->cli, "%s: %s", path, err.text);
	else if (bt_metainfo_tier_count(m) == 0)
		cli_error(s->cli, "%s: no trackers", path);
	else if (answered == 0)
		cli_error(s->cli, "%s: no tracker answered", path);
	return answered > 0;
}
