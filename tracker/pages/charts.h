/* SPDX-License-Identifier: ISC */
/* Small charts of the last hours for the page: areas upon one another, as SVG without scripts. */
#ifndef TRACKER_CHARTS_H
#define TRACKER_CHARTS_H

#include "base/buf.h"

#define CHART_POINTS 288u
#define CHART_SERIES 2u

struct chart_series {
	const char *label;
	const double *values;	/* points of them, oldest first */
};

struct chart {
	const char *title;
	const char *span;	/* what the width is: "24 hours" */
	unsigned points;	/* at most CHART_POINTS */
	unsigned width;		/* points that the whole width stands for; at least points */
	unsigned series_count;
	struct chart_series series[CHART_SERIES];	/* the lowest first */
};

void chart_add(struct buf *b, const struct chart *c);

#endif
