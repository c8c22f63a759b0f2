/* SPDX-License-Identifier: ISC */
/* Shows the keys of a bencoded file, and writes a torrent's announce as bencode.
 * cc example_bencode.c $(pkg-config --cflags --libs btcore) */
#include <stdio.h>
#include <stdlib.h>

#include <btcore/bencode.h>

static void
show(struct bt_bencode dict)
{
	static const char *const kind[] = { "none", "number", "string", "list", "dictionary" };
	struct bt_bencode_iter it;
	struct bt_bencode value;
	struct bt_slice key;

	bt_bencode_start(&it, dict);
	while (bt_bencode_next(&it, &key, &value))
		printf("%.*s: %s, %zu bytes\n", (int)key.len, (const char *)key.ptr,
		    kind[bt_bencode_kind(value)], value.raw.len);
}

/* d8:announce...e */
static int
write_announce(struct bt_bencode torrent)
{
	struct bt_bencode_writer *w = bt_bencode_writer_new();
	struct bt_error err;
	uint8_t *bytes;
	size_t len;

	bt_bencode_put_dict(w);
	bt_bencode_put_key(w, "announce");
	bt_bencode_put_value(w, bt_bencode_find(torrent, "announce"));
	bt_bencode_put_end(w);
	if (bt_bencode_writer_finish(w, &bytes, &len, &err) != BT_OK) {
		fprintf(stderr, "example_bencode: %s\n", err.text);
		return 1;
	}
	printf("%.*s\n", (int)len, (char *)bytes);
	free(bytes);
	return 0;
}

int
main(int argc, char **argv)
{
	static uint8_t bytes[1 << 20];
	FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
	struct bt_slice input = { bytes, 0 };
	struct bt_bencode torrent;
	struct bt_error err;

	if (file == NULL) {
		fprintf(stderr, "usage: example_bencode FILE\n");
		return 2;
	}
	input.len = fread(bytes, 1, sizeof(bytes), file);
	(void)fclose(file);
	if (bt_bencode_parse(input, BT_BENCODE_STRICT, &torrent, &err) != BT_OK) {
		fprintf(stderr, "example_bencode: %s\n", err.text);
		return 1;
	}
	show(torrent);
	show(bt_bencode_find(torrent, "info"));
	return write_announce(torrent);
}
