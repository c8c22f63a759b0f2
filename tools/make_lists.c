/* SPDX-License-Identifier: ISC */
#include "tools/make_lists.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/text.h"

#define MAX_TRACKER_FILE (1u << 20)	/* bytes */

void *
make_need(void *p)
{
	if (p == NULL) {
		(void)fprintf(stderr, "out of memory\n");
		exit(EXIT_FAILURE);
	}
	return p;
}

const char **
make_words(char *text, size_t *count)
{
	const char **words = make_need(calloc(strlen(text) + 1, sizeof(*words)));
	char *word;

	*count = 0;
	while ((word = strsep(&text, ",|")) != NULL) {
		if (*word != '\0')
			words[(*count)++] = word;
	}
	return words;
}

struct bt_create_pattern *
make_patterns(char *include, char *exclude, size_t *count)
{
	size_t in_count, out_count;
	const char **in = make_words(include, &in_count);
	const char **out = make_words(exclude, &out_count);
	struct bt_create_pattern *p = make_need(calloc(in_count + out_count + 1, sizeof(*p)));

	for (size_t i = 0; i < in_count; i++)
		p[i] = (struct bt_create_pattern){ in[i], true };
	for (size_t i = 0; i < out_count; i++)
		p[in_count + i] = (struct bt_create_pattern){ out[i], false };
	*count = in_count + out_count;
	free(in);
	free(out);
	return p;
}

static bool
read_port(const char *text, uint16_t *out)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	*out = (uint16_t)port;
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && port > 0 && port <= UINT16_MAX;
}

/* An address of IPv6 stands in brackets. */
static bool
read_node(char *text, struct bt_create_node *out)
{
	char *colon = strrchr(text, ':');
	char *last = colon == NULL ? NULL : colon - 1;
	bool in_brackets = text[0] == '[';

	if (colon == NULL || colon == text || !read_port(colon + 1, &out->port))
		return false;
	if (in_brackets && (*last != ']' || last == text + 1))
		return false;
	if (in_brackets)
		*last = '\0';
	*colon = '\0';
	out->host = text + in_brackets;
	return in_brackets || strchr(text, ':') == NULL;
}

struct bt_create_node *
make_nodes(const struct cli *c, char *text, size_t *count)
{
	const char **words = make_words(text, count);
	struct bt_create_node *nodes = make_need(calloc(*count + 1, sizeof(*nodes)));

	for (size_t i = 0; i < *count; i++) {
		char *shown = make_need(strdup(words[i]));

		if (!read_node((char *)words[i], &nodes[i]))
			cli_misuse_of(c, "nodes", "'%s' is not HOST:PORT", shown);
		free(shown);
	}
	free(words);
	return nodes;
}

static int
digit_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	    c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool
read_hash(const char *hex, uint8_t out[20])
{
	if (strlen(hex) != 40)
		return false;
	for (size_t i = 0; i < 20; i++) {
		int high = digit_of(hex[2 * i]), low = digit_of(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

void
make_hashes(const struct cli *c, char *text, uint8_t (**out)[20], size_t *count)
{
	const char **words = make_words(text, count);

	*out = make_need(calloc(*count + 1, sizeof(**out)));
	for (size_t i = 0; i < *count; i++) {
		if (!read_hash(words[i], (*out)[i]))
			cli_misuse_of(c, "similar", "'%s' is not an info-hash of 40 digits",
			    words[i]);
	}
	free(words);
}

static char *
read_all(const struct cli *c, const char *path)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char *text = make_need(malloc(MAX_TRACKER_FILE + 1));
	size_t len = f == NULL ? 0 : fread(text, 1, MAX_TRACKER_FILE, f);

	if (f == NULL || ferror(f)) {
		cli_error(c, "%s: %s", path, strerror(errno));
		exit(EXIT_FAILURE);
	}
	if (len == MAX_TRACKER_FILE || memchr(text, '\0', len) != NULL) {
		cli_error(c, "%s: not a list of trackers", path);
		exit(EXIT_FAILURE);
	}
	if (f != stdin)
		(void)fclose(f);
	text[len] = '\0';
	return text;
}

char *
make_trackers_from(const struct cli *c, const char *path, struct bt_create_tracker **list,
    size_t *count)
{
	char *text = read_all(c, path), *rest = text, *line;
	size_t tier = *count == 0 ? 0 : (*list)[*count - 1].tier + 1;
	size_t lines = 1;
	bool any = false;	/* of this tier */

	for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	*list = make_need(reallocarray(*list, *count + lines, sizeof(**list)));
	while ((line = strsep(&rest, "\n")) != NULL) {
		line = text_trim(line);
		if (*line == '#')
			continue;
		if (*line != '\0')
			(*list)[(*count)++] = (struct bt_create_tracker){ line, tier };
		else
			tier += any;
		any = *line != '\0';
	}
	return text;
}
