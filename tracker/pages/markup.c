/* SPDX-License-Identifier: ISC */
#include "tracker/pages/markup.h"

#include <inttypes.h>

#include "base/cdefs.h"
#include "base/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd"	/* U+FFFD */
#define NARROW_SPACE "\xe2\x80\xaf"	/* U+202F */

void
html_text(struct buf *b, struct bt_slice s)
{
	while (s.len > 0) {
		size_t n = utf8_len(s);

		if (n == 0 || !utf8_printable(slice_of(s.ptr, n))) {
			buf_add_str(b, REPLACEMENT);
			n = n > 0 ? n : 1;
		} else if (strchr("&<>\"'", s.ptr[0]) != NULL) {
			buf_addf(b, "&#%u;", s.ptr[0]);
		} else {
			buf_add(b, s.ptr, n);
		}
		s = slice_skip(s, n);
	}
}

void
add_grouped(struct buf *b, uint64_t n)
{
	uint64_t unit = 1;

	while (n / unit >= 1000)
		unit *= 1000;
	buf_addf(b, "%" PRIu64, n / unit);
	while (unit > 1) {
		unit /= 1000;
		buf_addf(b, NARROW_SPACE "%03" PRIu64, n / unit % 1000);
	}
}

void
add_size(struct buf *b, uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double n = (double)bytes;
	size_t i = 0;

	while (n >= 1024 && i < COUNT_OF(units) - 1) {
		n /= 1024;
		i++;
	}
	buf_addf(b, i == 0 || n >= 99.95 ? "%.0f %s" : "%.1f %s", n, units[i]);
}

void
add_duration(struct buf *b, double seconds)
{
	uint64_t s = seconds > 0 ? (uint64_t)seconds : 0;

	if (s >= 86400)
		buf_addf(b, "%" PRIu64 " d %" PRIu64 " h", s / 86400, s / 3600 % 24);
	else if (s >= 3600)
		buf_addf(b, "%" PRIu64 " h %" PRIu64 " min", s / 3600, s / 60 % 60);
	else if (s >= 60)
		buf_addf(b, "%" PRIu64 " min", s / 60);
	else
		buf_addf(b, "%" PRIu64 " s", s);
}

void
add_rate(struct buf *b, double a_second)
{
	if (a_second >= 10)
		add_grouped(b, (uint64_t)(a_second + 0.5));
	else if (a_second >= 1)
		buf_addf(b, "%.1f", a_second);
	else if (a_second >= 0.005)
		buf_addf(b, "%.2f", a_second);
	else
		buf_add_u8(b, '0');
}
