/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calendars as JSON, the same in REST, in the policy document, on the device plane and in fleet files:
 *   {"time_zone": "Europe/Berlin", "windows": [
 *     {"meaning": "idle", "days": ["sat", "sun"], "start": "02:30", "duration": "PT2H"},
 *     {"meaning": "busy", "from": "2026-11-21T09:00:00Z", "until": "2026-11-21T18:00:00Z"},
 *     {"meaning": "idle", "rule": "FREQ=MONTHLY;BYDAY=1SU;BYHOUR=2", "duration": "PT2H"}]}
 */
#pragma once

#include <jansson.h>

#include "base/arena.h"
#include "policy/calendar.h"
#include "policy/profile_json.h"

/* The shape only: calendar_check says whether it makes sense. SU_INVALID: the field is the path
 * below value ("windows[2].start"). */
enum su_status calendar_from_json(struct su_arena *arena, const json_t *value, struct calendar *out,
	struct su_error *err) SU_MUST_CHECK;
json_t *calendar_to_json(const struct calendar *calendar); /* new reference */
