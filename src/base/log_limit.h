/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounds how often one kind of log entry is written: an outage that touches every request shall be told, not repeated.
 * All zero: nothing was written yet.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct su_log_limit {
	int64_t since_ms; /* of the present minute */
	unsigned n_let;
	int64_t n_left_out;
};

/* Whether one more may be written at now_ms; if so, left_out is how many were not since the last one. */
bool su_log_limit_let(
	struct su_log_limit *limit, unsigned per_minute, int64_t now_ms, int64_t *left_out);
