/* SPDX-License-Identifier: ISC */
#include "peer/upload.h"

#include <string.h>

void
uploads_init(struct uploads *u, size_t max)
{
	*u = (struct uploads){ .max = max };
	vec_init(&u->list, sizeof(struct upload));
}

void
uploads_fini(struct uploads *u)
{
	vec_fini(&u->list);
	u->served = 0;
}

static struct upload *
at(const struct uploads *u, size_t i)
{
	return vec_at(&u->list, i);
}

/* The served front is given up when it is half of the list: moving costs less than it frees. */
static void
compact(struct uploads *u)
{
	if (u->served < 32 || u->served < u->list.len / 2)
		return;
	u->list.len -= u->served;
	memmove(u->list.items, at(u, u->served), u->list.len * sizeof(struct upload));
	u->served = 0;
}

bool
uploads_add(struct uploads *u, struct upload what)
{
	if (uploads_count(u) >= u->max)
		return false;
	compact(u);
	return vec_add(&u->list, &what) != NULL;
}

bool
uploads_cancel(struct uploads *u, struct upload what)
{
	for (size_t i = u->served; i < u->list.len; i++) {
		if (memcmp(at(u, i), &what, sizeof(what)) != 0)
			continue;
		memmove(at(u, i), at(u, i + 1), (u->list.len - i - 1) * sizeof(what));
		u->list.len--;
		return true;
	}
	return false;
}

bool
uploads_next(struct uploads *u, struct upload *out)
{
	if (uploads_count(u) == 0)
		return false;
	*out = *at(u, u->served++);
	if (u->served == u->list.len)
		u->list.len = u->served = 0;
	return true;
}
