/* SPDX-License-Identifier: Apache-2.0 */
/* Recurrence rules of RFC 5545, in the time of a wall clock: the only place that knows libical. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "policy/zone.h"

/* FREQ from HOURLY to YEARLY; COUNT up to RECURRENCE_MAX_COUNT; HOURLY together with BYDAY, BYHOUR, BYMINUTE
 * only: what else it could say DAILY says as well. */
#define RECURRENCE_MAX_COUNT 500

/* SU_INVALID: the field is "rule". Whether it ever happens is not looked at. */
enum su_status recurrence_check(const char *rule, struct su_error *err) SU_MUST_CHECK;

/* Begins at from_s of Unix time (DTSTART, seen in zone). */
struct recurrence {
	const char *rule; /* passed recurrence_check */
	const struct zone *zone;
	int64_t from_s;
};
/* The first time that it happens at or after after_s. The cost does not grow with the time since from_s
 * (but for a rule with COUNT, which is counted from there). */
bool recurrence_next(const struct recurrence *recurrence, int64_t after_s, int64_t *at_s_out);
