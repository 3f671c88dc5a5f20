/* SPDX-License-Identifier: Apache-2.0 */
/* Between jsonb and values. What is stored was checked before, so a misfit is a fault of ours. */
#include "store/device_json.h"

#include <stdlib.h>

#include "policy/calendar_json.h"

static const char *dump_take(struct su_arena *arena, json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT);
	const char *kept = su_arena_strdup(arena, text);
	free(text);
	json_decref(value);
	return kept;
}

const char *device_json_profile(struct su_arena *arena, const struct profile *profile)
{
	return dump_take(arena, profile_to_json(profile));
}

const char *device_json_calendar(struct su_arena *arena, const struct calendar *calendar)
{
	return calendar ? dump_take(arena, calendar_to_json(calendar)) : NULL;
}

static void require(struct sql_row *row, enum su_status status, const char *what)
{
	if (status != SU_OK && row->err->status == SU_OK)
		su_fail(row->err, SU_BUG, "", "a stored %s cannot be read", what);
}

void device_json_read_profile(struct sql_row *row, struct profile *out)
{
	const char *text = sql_read_text(row);
	*out = (struct profile){ 0 };
	if (!text)
		return;
	json_t *value = json_loads(text, 0, NULL);
	require(row, profile_from_json(value, out, NULL), "profile");
	json_decref(value);
}

const struct calendar *device_json_read_calendar(struct sql_row *row)
{
	const char *text = sql_read_text(row);
	if (!text)
		return NULL;
	json_t *value = json_loads(text, 0, NULL);
	struct calendar *calendar = su_arena_new_of(row->arena, struct calendar);
	require(row, calendar_from_json(row->arena, value, calendar, NULL), "calendar");
	json_decref(value);
	return calendar;
}

void device_json_read_provision(struct sql_row *row, struct provision *out)
{
	out->row_version = sql_read_int(row);
	device_json_read_profile(row, &out->profile);
	out->calendar = device_json_read_calendar(row);
	out->has_mode = !sql_read_is_null(row);
	if (out->has_mode)
		out->mode =
			(enum update_mode)sql_read_name(row, update_mode_names, "an update mode");
	else
		sql_read_skip(row);
	out->site = sql_read_text(row);
}
