/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles and calendars as they stand in jsonb columns: the JSON that REST has, too. */
#pragma once

#include "model/device.h"
#include "store/sql_row.h"

const char *device_json_profile(struct su_arena *arena, const struct profile *profile);
const char *device_json_calendar(
	struct su_arena *arena, const struct calendar *calendar); /* NULL gives NULL */

/* The next column; null: nothing is known, or no calendar. */
void device_json_read_profile(struct sql_row *row, struct profile *out);
const struct calendar *device_json_read_calendar(struct sql_row *row);
/* Version, profile, calendar, mode, site. */
void device_json_read_provision(struct sql_row *row, struct provision *out);
