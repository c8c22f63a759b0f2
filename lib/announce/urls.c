/* SPDX-License-Identifier: ISC */
#include "announce/urls.h"

#include <assert.h>

#include "base/mem.h"
#include "base/rng.h"
#include "proto/url.h"

void
announce_urls_init(struct announce_urls *u)
{
	rng_secret(u->seeds, sizeof(u->seeds));
	map_init(&u->by_key, sizeof(((struct announce_url *)0)->key), u->seeds[0]);
}

void
announce_urls_fini(struct announce_urls *u)
{
	assert(u->by_key.count == 0);
	map_fini(&u->by_key);
}

static void
judge(struct announce_url *url)
{
	struct url u;
	struct addr a;

	if (!url_parse(slice_str(url->text), &u))
		url->trouble = "not a usable URL";
	else if (!slice_eq_nocase(u.scheme, "http") && !slice_eq_nocase(u.scheme, "https") &&
	    !slice_eq_nocase(u.scheme, "udp"))
		url->trouble = "trackers of this kind are not supported";
	else if (addr_parse_slice(u.host, 0, &a))
		url->literal = a.family;
}

struct announce_url *
announce_urls_take(struct announce_urls *u, struct bt_slice text)
{
	/* With two secret seeds: as good as the text itself. */
	const uint64_t key[2] = { siphash(u->seeds[0], text.ptr, text.len),
		siphash(u->seeds[1], text.ptr, text.len) };
	struct announce_url *url = map_find(&u->by_key, key);

	if (url == NULL) {
		url = mem_zero(sizeof(*url) + text.len + 1);
		if (url == NULL)
			return NULL;
		memcpy(url->key, key, sizeof(key));
		if (text.len > 0)
			memcpy(url->text, text.ptr, text.len);
		judge(url);
		if (!map_set(&u->by_key, key, url)) {
			mem_free(url);
			return NULL;
		}
	}
	url->holders++;
	return url;
}

void
announce_urls_drop(struct announce_urls *u, struct announce_url *url)
{
	if (url == NULL || --url->holders > 0)
		return;
	(void)map_remove(&u->by_key, url->key);
	mem_free(url);
}
