/* SPDX-License-Identifier: ISC */
#include "tracker/pages/charts.h"

#include "tracker/pages/markup.h"

#define HEIGHT 100.0

/* The sum of the series from the lowest up to top, at a point. */
static double
stacked(const struct chart *c, unsigned top, unsigned point)
{
	double sum = 0;

	for (unsigned i = 0; i <= top; i++)
		sum += c->series[i].values[point];
	return sum;
}

static double
highest(const struct chart *c)
{
	double max = 0;

	for (unsigned i = 0; i < c->points; i++) {
		double sum = stacked(c, c->series_count - 1, i);

		max = sum > max ? sum : max;
	}
	return max;
}

/* 1, 2 or 5 times a power of ten: the least that is not below max. */
static double
round_up(double max)
{
	double unit = 0.01;

	while (unit * 10 <= max)
		unit *= 10;
	return max <= unit ? unit : max <= 2 * unit ? 2 * unit : max <= 5 * unit ? 5 * unit :
	    10 * unit;
}

static void
add_area(struct buf *b, const struct chart *c, unsigned series, double scale)
{
	unsigned left = c->width - c->points;

	buf_addf(b, "<path class=\"s%u\" d=\"M%u %.0f", series + 1, left, HEIGHT);
	for (unsigned i = 0; i < c->points; i++)
		buf_addf(b, "L%u %.1f", left + i, HEIGHT - stacked(c, series, i) * scale);
	buf_addf(b, "V%.0fZ\"/>", HEIGHT);
}

static void
add_heading(struct buf *b, const struct chart *c)
{
	buf_addf(b, "<figcaption><b>%s</b>", c->title);
	for (unsigned i = 0; i < c->series_count; i++) {
		if (c->series[i].label != NULL)
			buf_addf(b, " <span class=\"key s%u\">%s</span>", i + 1,
			    c->series[i].label);
	}
	buf_add_str(b, "</figcaption>");
}

static void
add_drawing(struct buf *b, const struct chart *c)
{
	double max = highest(c), top = round_up(max);

	buf_addf(b, "<div class=\"plot\"><svg viewBox=\"0 0 %u %.0f\" preserveAspectRatio=\"none\" "
	    "role=\"img\" aria-label=\"%s in the last %s: now ", c->width - 1, HEIGHT, c->title,
	    c->span);
	add_rate(b, stacked(c, c->series_count - 1, c->points - 1));
	buf_add_str(b, ", at most ");
	add_rate(b, max);
	buf_add_str(b, "\">");
	for (unsigned i = c->series_count; i-- > 0;)
		add_area(b, c, i, HEIGHT / top);
	buf_add_str(b, "</svg><span class=\"top\">");
	add_rate(b, top);
	buf_addf(b, "</span></div><div class=\"ends\"><span>%s ago</span><span>now</span></div>",
	    c->span);
}

void
chart_add(struct buf *b, const struct chart *c)
{
	buf_add_str(b, "<figure>");
	add_heading(b, c);
	if (c->points >= 2)
		add_drawing(b, c);
	else
		buf_add_str(b, "<p class=\"none\">Nothing yet: a point comes every minute.</p>");
	buf_add_str(b, "</figure>\n");
}
