/* SPDX-License-Identifier: ISC */
/* What a decoder says of the bytes it was shown. */
#ifndef BASE_STEP_H
#define BASE_STEP_H

enum step {
	STEP_DONE,	/* the thing is whole, and good */
	STEP_MORE,	/* good so far, not whole yet */
	STEP_BAD	/* it can never become good */
};

#endif
