/* SPDX-License-Identifier: ISC */
/* Texts and numbers as HTML wants them. Whatever bytes come, nothing can break out. */
#ifndef TRACKER_MARKUP_H
#define TRACKER_MARKUP_H

#include "base/buf.h"

/* What is no valid, visible UTF-8 becomes U+FFFD. Fit for attributes in double quotes too. */
void html_text(struct buf *b, struct bt_slice s);

/* Digits in groups of three, narrow spaces between. */
void add_grouped(struct buf *b, uint64_t n);

/* "1.4 GiB" */
void add_size(struct buf *b, uint64_t bytes);

/* "3 d 4 h", "4 h 12 min", "12 min", "8 s" */
void add_duration(struct buf *b, double seconds);

/* "12", "3.4", "0.25", "0" */
void add_rate(struct buf *b, double a_second);

#endif
