/* SPDX-License-Identifier: Apache-2.0 */
/* Priority, expiry, battery and wait-info of a description. */
#include "tools/description_timing.h"

#include <string.h>

#include "base/clock.h"
#include "tools/json_read.h"

/* suit-update-management, wait-info events; in the order of their keys. */
static const struct {
	const char *name;
	uint64_t key;
} wait_events[] = {
	{ "authorization", 1 },
	{ "power_state", 2 },
	{ "network_state", 3 },
	{ "time", 5 },
	{ "time_of_day", 6 },
	{ "day_of_week", 7 },
	{ "time_of_day_utc", 8 },
	{ "day_of_week_utc", 9 },
};
#define N_WAIT_EVENTS (sizeof(wait_events) / sizeof(wait_events[0]))

static void set(struct parameters *parameters, enum parameter_key key)
{
	parameters->set |= UINT64_C(1) << key;
}

static enum su_status check_wait_names(const json_t *wait, struct su_error *err)
{
	const char *names[N_WAIT_EVENTS + 1] = { NULL };
	for (size_t i = 0; i < N_WAIT_EVENTS; i++)
		names[i] = wait_events[i].name;
	return json_read_only(wait, names, err);
}

static enum su_status read_wait(
	struct su_arena *arena, const json_t *wait, struct parameters *out, struct su_error *err)
{
	SU_TRY(check_wait_names(wait, err));
	struct su_buf map = { 0 };
	cbor_put_map(&map, json_object_size(wait));
	enum su_status status = SU_OK;
	for (size_t i = 0; i < N_WAIT_EVENTS && status == SU_OK; i++) {
		int64_t value = 0;
		bool has = false;
		status = json_read_int(wait, wait_events[i].name, &value, &has, err);
		if (has) {
			cbor_put_uint(&map, wait_events[i].key);
			cbor_put_int(&map, value);
		}
	}
	out->wait_info = su_arena_copy(arena, su_buf_span(&map));
	set(out, PARAM_WAIT_INFO);
	su_buf_free(&map);
	return status;
}

static enum su_status read_use_before(
	const json_t *object, struct parameters *out, struct su_error *err)
{
	const char *text = NULL;
	int64_t wall_ms;
	SU_TRY(json_read_string(object, "use_before", &text, err));
	if (text == NULL)
		return SU_OK;
	if (su_time_parse(text, &wall_ms, err) != SU_OK || wall_ms < 0)
		return su_fail(
			err, SU_INVALID, "use_before", "must be a time like 2027-01-31T12:00:00Z");
	out->use_before_s = (uint64_t)(wall_ms / 1000);
	set(out, PARAM_USE_BEFORE);
	return SU_OK;
}

enum su_status description_timing_read(
	struct su_arena *arena, const json_t *object, struct parameters *out, struct su_error *err)
{
	bool has = false;
	SU_TRY(json_read_int(object, "update_priority", &out->update_priority, &has, err));
	if (has)
		set(out, PARAM_UPDATE_PRIORITY);
	has = false;
	SU_TRY(json_read_uint(object, "minimum_battery_mwh", &out->minimum_battery_mwh, &has, err));
	if (has)
		set(out, PARAM_MINIMUM_BATTERY);
	SU_TRY(read_use_before(object, out, err));
	const json_t *wait = json_object_get(object, "wait_info");
	if (wait == NULL)
		return SU_OK;
	enum su_status status = read_wait(arena, wait, out, err);
	if (status != SU_OK)
		su_error_within(err, "wait_info");
	return status;
}
