/* SPDX-License-Identifier: ISC */
#include "tools/item.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/choose.h"

void
item_free(struct item *it)
{
	item_options_free(it->own);
	free(it->torrent);
	free((void *)(uintptr_t)it->name.ptr);
	free(it->path);
	free(it->hash_v2);
	free(it->error_text);
	free(it->tracker_text);
	free(it);
}

static void
write_hex(char *out, const uint8_t *bytes, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

void
item_hash(const struct bt_metainfo *m, char out[65])
{
	const uint8_t *v1 = bt_metainfo_info_hash(m);

	write_hex(out, v1 != NULL ? v1 : bt_metainfo_info_hash_v2(m), v1 != NULL ? 20 : 32);
}

static struct bt_slice
copy_name(const struct bt_metainfo *m)
{
	struct bt_slice name = bt_metainfo_name(m);
	uint8_t *copy = malloc(name.len + 1);

	if (copy == NULL)
		abort();
	memcpy(copy, name.ptr, name.len);
	return (struct bt_slice){ copy, name.len };
}

struct item *
item_new(const struct bt_metainfo *meta, const char *torrent, const char *path,
    const struct item_options *all, struct item_options *own)
{
	struct item *it = calloc(1, sizeof(*it));

	if (it == NULL)
		abort();
	it->torrent = strdup(torrent);
	it->path = strdup(path);
	it->name = copy_name(meta);
	if (it->torrent == NULL || it->path == NULL)
		abort();
	item_hash(meta, it->hash);
	if (bt_metainfo_info_hash_v2(meta) != NULL) {
		it->hash_v2 = calloc(1, 65);
		if (it->hash_v2 == NULL)
			abort();
		write_hex(it->hash_v2, bt_metainfo_info_hash_v2(meta), 32);
	}
	it->size = bt_metainfo_total_size(meta);
	it->own = own;
	it->options = own != NULL ? own : all;
	it->state = BT_TORRENT_STOPPED;
	return it;
}

/* "ADDRESS:PORT,[ADDRESS]:PORT" */
static enum bt_code
add_peers(struct bt_add_params *p, const char *list, struct bt_error *err)
{
	enum bt_code code = BT_OK;

	while (code == BT_OK && *list != '\0') {
		size_t len = strcspn(list, ",");
		char one[80], *ip = one, *port;
		unsigned long number;

		(void)snprintf(one, sizeof(one), "%.*s", len < sizeof(one) ? (int)len : 0, list);
		list += len + (list[len] == ',');
		port = strrchr(one, ':');
		if (port != NULL)
			*port++ = '\0';
		if (one[0] == '[' && port != NULL && port - one >= 3 && port[-2] == ']') {
			port[-2] = '\0';
			ip++;
		}
		number = port == NULL ? 0 : strtoul(port, &port, 10);
		if (number == 0 || number > 65535 || *port != '\0') {
			err->code = BT_EARG;
			(void)snprintf(err->text, sizeof(err->text),
			    "--peer: '%.80s' is not ADDRESS:PORT", one);
			return BT_EARG;
		}
		code = bt_add_params_add_peer(p, ip, (uint16_t)number, err);
	}
	return code;
}

/* What does not fit is told and passed over, as the original had it. */
static int *
choice_of(const struct cli *cli, const struct item *it, const struct bt_metainfo *m)
{
	const char *wrong;
	int *priorities = choose_files(it->options, m, &wrong);

	if (wrong != NULL)
		cli_error(cli, "%s: --priority is passed over: %s", it->torrent, wrong);
	return priorities;
}

enum bt_code
item_params(const struct item *it, const struct bt_metainfo *meta, const char *peers,
    const struct cli *cli, struct bt_add_params *p, struct bt_error *err)
{
	const struct item_options *o = it->options;
	int *priorities = choice_of(cli, it, meta);
	enum bt_code code = add_peers(p, peers, err);

	bt_add_params_set_metainfo(p, meta);
	if (code == BT_OK)
		code = bt_add_params_set(p, "save_as", it->path, err);
	if (code == BT_OK && it->is_file)
		code = bt_add_params_set(p, "torrent_file", it->torrent, err);
	if (code == BT_OK)
		code = bt_add_params_set_int(p, "upload_rate", o->torrent_upload_rate * 1024, err);
	if (code == BT_OK)
		code = bt_add_params_set_int(p, "download_rate", o->torrent_download_rate * 1024,
		    err);
	if (code == BT_OK)
		code = bt_add_params_set_int(p, "paused", o->paused, err);
	if (code == BT_OK)
		code = bt_add_params_set(p, "check", o->check, err);
	if (code == BT_OK)
		code = bt_add_params_set_int(p, "check_hashes", o->check_hashes, err);
	if (code == BT_OK)
		code = bt_add_params_set_int(p, "sequential", o->sequential, err);
	if (code == BT_OK)
		code = bt_add_params_set_int(p, "first_last", o->first_last, err);
	if (code == BT_OK && priorities != NULL)
		code = bt_add_params_set_priorities(p, priorities,
		    bt_metainfo_file_count(meta), err);
	free(priorities);
	return code;
}

static void
choose_again(const struct item *it, struct bt_session *session, const struct cli *cli)
{
	struct bt_metainfo *m = bt_session_metainfo(session, it->id);
	uint32_t count = m == NULL ? 0 : bt_metainfo_file_count(m);
	int *priorities = m == NULL ? NULL : choice_of(cli, it, m);

	if (priorities == NULL && count > 0) {
		priorities = calloc(count, sizeof(*priorities));
		for (uint32_t i = 0; priorities != NULL && i < count; i++)
			priorities[i] = BT_PRIORITY_NORMAL;
	}
	if (priorities != NULL)
		(void)bt_session_set_priorities(session, it->id, priorities, count, NULL);
	free(priorities);
	bt_metainfo_free(m);
}

void
item_obey(const struct item *it, struct bt_session *session, const struct cli *cli)
{
	const struct item_options *o = it->options;

	(void)bt_session_set_limit(session, it->id, "upload_rate", o->torrent_upload_rate * 1024,
	    NULL);
	(void)bt_session_set_limit(session, it->id, "download_rate",
	    o->torrent_download_rate * 1024, NULL);
	(void)bt_session_set_limit(session, it->id, "sequential", o->sequential, NULL);
	(void)bt_session_set_limit(session, it->id, "first_last", o->first_last, NULL);
	(void)bt_session_pause(session, it->id, o->paused != 0);
	choose_again(it, session, cli);
}
