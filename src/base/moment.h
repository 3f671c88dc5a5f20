/* SPDX-License-Identifier: Apache-2.0 */
/* The later and the sooner of two moments, and what comes a span after one. INT64_MAX is never. */
#pragma once

#include <stdint.h>

static inline int64_t su_later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static inline int64_t su_sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* at + span, and never where that is too far: a span may be never itself. */
static inline int64_t su_after(int64_t at, int64_t span)
{
	int64_t sum;
	return __builtin_add_overflow(at, span, &sum) ? INT64_MAX : sum;
}
