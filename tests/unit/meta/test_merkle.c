/* SPDX-License-Identifier: ISC */
#include "content.h"

Suite *merkle_suite(void);

static void
check_file(char *field[MAX_FIELDS])
{
	size_t size = strtoul(field[2], NULL, 10);
	uint8_t *data = make_content(field[1], size);
	uint8_t root[SHA256_LEN];
	char *hex;

	content_root(data, size, root);
	hex = hex_of(root, sizeof(root));
	ck_assert_str_eq(hex, field[3]);
	free(hex);
	free(data);
}

/* The layer is right, and gives the root that the leaves give. */
static void
check_layer(char *field[MAX_FIELDS])
{
	size_t size = strtoul(field[2], NULL, 10), count;
	uint32_t piece_length = (uint32_t)strtoul(field[3], NULL, 10);
	uint8_t *data = make_content(field[1], size);
	uint8_t *layer = content_layer(data, size, piece_length, &count);
	uint8_t sum[SHA256_LEN], root[SHA256_LEN];
	struct merkle m;
	char *hex;

	ck_assert_uint_eq(count, strtoul(field[4], NULL, 10));
	if (count > 0) {
		hash_sha256(slice_of(layer, count * SHA256_LEN), sum);
		hex = hex_of(sum, sizeof(sum));
		ck_assert_str_eq(hex, field[5]);
		free(hex);
		merkle_init(&m, merkle_piece_height(piece_length));
		for (size_t i = 0; i < count; i++)
			merkle_add(&m, layer + i * SHA256_LEN);
		merkle_root(&m, sum);
		content_root(data, size, root);
		ck_assert_mem_eq(sum, root, SHA256_LEN);
	}
	free(layer);
	free(data);
}

static void
check_pad(char *field[MAX_FIELDS])
{
	uint8_t pad[SHA256_LEN];
	char *hex;

	merkle_pad((unsigned)strtoul(field[1], NULL, 10), pad);
	hex = hex_of(pad, sizeof(pad));
	ck_assert_str_eq(hex, field[2]);
	free(hex);
}

static void
check_proof(char *field[MAX_FIELDS])
{
	struct bt_slice node = unhex(field[5]), uncles = unhex(field[6]);
	uint8_t root[SHA256_LEN];
	char *hex;

	merkle_prove(node.ptr, strtoul(field[4], NULL, 10), uncles.ptr, uncles.len / SHA256_LEN,
	    root);
	hex = hex_of(root, sizeof(root));
	ck_assert_str_eq(hex, field[7]);
	free(hex);
	free((void *)node.ptr);
	free((void *)uncles.ptr);
}

START_TEST(agrees_with_the_vectors)
{
	FILE *f = open_data("merkle.tsv");
	char *line = NULL, *field[MAX_FIELDS];
	unsigned count = 0;

	for (; next_line(f, &line, field); count++) {
		if (strcmp(field[0], "file") == 0)
			check_file(field);
		else if (strcmp(field[0], "layer") == 0)
			check_layer(field);
		else if (strcmp(field[0], "pad") == 0)
			check_pad(field);
		else
			check_proof(field);
	}
	ck_assert_uint_eq(count, 140);
	free(line);
	(void)fclose(f);
}
END_TEST

Suite *
merkle_suite(void)
{
	Suite *s = suite_create("meta/merkle");
	TCase *c = tcase_create("merkle");

	tcase_add_test(c, agrees_with_the_vectors);
	suite_add_tcase(s, c);
	return s;
}
