/* SPDX-License-Identifier: Apache-2.0 */
/* Counts what is let through in a minute, which begins with the first entry. */
#include "base/log_limit.h"

#define MINUTE_MS 60000

bool su_log_limit_let(
	struct su_log_limit *limit, unsigned per_minute, int64_t now_ms, int64_t *left_out)
{
	const int64_t age_ms = now_ms - limit->since_ms;
	if (limit->n_let == 0 || age_ms < 0 || age_ms >= MINUTE_MS) {
		limit->since_ms = now_ms;
		limit->n_let = 0;
	}
	if (limit->n_let >= per_minute) {
		limit->n_left_out++;
		return false;
	}
	limit->n_let++;
	*left_out = limit->n_left_out;
	limit->n_left_out = 0;
	return true;
}
