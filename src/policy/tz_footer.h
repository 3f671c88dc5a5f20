/* SPDX-License-Identifier: Apache-2.0 */
/* The footer of a tzdata file: a POSIX TZ text (RFC 8536 section 3.3) for the time after the table. */
#pragma once

#include "policy/tzfile.h"

#define TZ_FOOTER_LAST_YEAR 2199
#define TZ_FOOTER_MAX_ERAS  (2 * (TZ_FOOTER_LAST_YEAR - 1970 + 1))

/* Appends the changes after the table's end; there is room for TZ_FOOTER_MAX_ERAS. A footer without daylight saving, or
 * with rules by the day of the year, adds none: the last offset goes on. */
void tz_footer_extend(struct su_span footer, int64_t table_ends_s, struct tz_eras *out);
