/* SPDX-License-Identifier: Apache-2.0 */
/* The files of tzdata (RFC 8536): when the clocks of one zone changed and will change. */
#pragma once

#include <stddef.h>

#include "base/span.h"

/* An offset from UTC and when it began; the first began at INT64_MIN. */
struct tz_era {
	int64_t from_s;
	int32_t offset_s;
};

struct tz_eras {
	size_t n;
	struct tz_era *eras; /* ascending; freed with free() */
};

/* False: not a file that makes sense. What its footer says of the time after its table is laid out for
 * the years to come (up to 2199), so that look-ups need nothing but the table. */
bool tzfile_parse(struct su_span file, struct tz_eras *out);
