/* SPDX-License-Identifier: ISC */
/* btshowmetainfo --lint: what is wrong with each torrent, a line for each finding. */
#include <stdio.h>

#include <btcore/lint.h>

#include "tools/json.h"
#include "tools/show.h"
#include "tools/text.h"

struct lint_view {
	const char *path;
	struct bt_json json;
};

static void
print_finding(void *arg, unsigned bep, const char *text)
{
	const struct lint_view *v = arg;

	text_puts(stdout, v->path);
	(void)printf(": %s (BEP %u)\n", text, bep);
}

static void
add_finding(void *arg, unsigned bep, const char *text)
{
	struct bt_json *j = &((struct lint_view *)arg)->json;

	bt_json_object(j, NULL);
	bt_json_uint(j, "bep", bep);
	bt_json_string(j, "text", text);
	bt_json_end(j);
}

static enum bt_code
lint_json(struct lint_view *v, size_t *count, struct bt_error *err)
{
	enum bt_code code;

	json_to(&v->json, stdout);
	bt_json_object(&v->json, NULL);
	bt_json_string(&v->json, "metainfo_file", v->path);
	bt_json_array(&v->json, "findings");
	code = bt_lint_file(v->path, add_finding, v, count, err);
	bt_json_end(&v->json);
	bt_json_uint(&v->json, "finding_count", *count);
	if (code != BT_OK)
		bt_json_string(&v->json, "error", err->text);
	bt_json_end(&v->json);
	return code;
}

static enum bt_code
lint_text(struct lint_view *v, size_t *count, struct bt_error *err)
{
	enum bt_code code = bt_lint_file(v->path, print_finding, v, count, err);

	if (*count > BT_LINT_TOLD) {
		text_puts(stdout, v->path);
		(void)printf(": %zu more findings\n", *count - BT_LINT_TOLD);
	}
	return code;
}

bool
show_lint(const struct show *s, char *const *paths, size_t count)
{
	size_t faulty = 0, failed = 0;

	for (size_t i = 0; i < count; i++) {
		struct lint_view v = { .path = paths[i] };
		struct bt_error err;
		size_t found = 0;

		if ((s->json ? lint_json : lint_text)(&v, &found, &err) != BT_OK) {
			cli_error(s->cli, "%s", err.text);
			failed++;
		}
		faulty += found > 0;
	}
	if (count > 1 && faulty + failed > 0)
		cli_error(s->cli, "%zu well, %zu faulty, %zu failed", count - faulty - failed,
		    faulty, failed);
	return faulty + failed == 0;
}
