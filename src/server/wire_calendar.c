/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of profile and calendar, one row each. JSON calendars are those of the REST API. */
#include "server/wire_calendar.h"

#include "model/device_keys.h"
#include "policy/calendar_json.h"

/* Times beyond the year 9999 cannot be shown. */
#define LATEST_S 253402300799

static enum su_status read_reachability(struct wire *wire, void *out, struct su_error *err)
{
	struct profile *profile = out;
	int value;
	SU_TRY(wire_read_name(wire, reachability_names, &value, err));
	profile->has_reachability = true;
	profile->reachability = (enum reachability)value;
	return SU_OK;
}

static enum su_status read_always_on(struct wire *wire, void *out, struct su_error *err)
{
	struct profile *profile = out;
	profile->has_always_on = true;
	return wire_read_bool(wire, &profile->always_on, err);
}

static enum su_status read_behind_nat(struct wire *wire, void *out, struct su_error *err)
{
	struct profile *profile = out;
	profile->has_behind_nat = true;
	return wire_read_bool(wire, &profile->behind_nat, err);
}

static enum su_status read_answers(struct wire *wire, void *out, struct su_error *err)
{
	struct profile *profile = out;
	profile->has_answers = true;
	return wire_read_bool(wire, &profile->answers, err);
}

static enum su_status read_takes_push(struct wire *wire, void *out, struct su_error *err)
{
	struct profile *profile = out;
	profile->has_takes_push = true;
	return wire_read_bool(wire, &profile->takes_push, err);
}

static enum su_status read_seconds(struct wire *wire, int64_t *out, struct su_error *err)
{
	uint64_t value;
	SU_TRY(wire_read_uint(wire, &value, err));
	*out = (int64_t)value;
	return SU_OK;
}

static enum su_status read_awake(struct wire *wire, void *out, struct su_error *err)
{
	struct profile *profile = out;
	profile->has_awake = true;
	return read_seconds(wire, &profile->awake_s, err);
}

static enum su_status read_wake_every(struct wire *wire, void *out, struct su_error *err)
{
	struct profile *profile = out;
	profile->has_wake_every = true;
	return read_seconds(wire, &profile->wake_every_s, err);
}

static enum su_status read_link_rate(struct wire *wire, void *out, struct su_error *err)
{
	struct profile *profile = out;
	profile->has_link_rate = true;
	return wire_read_uint(wire, &profile->link_bytes_per_s, err);
}

static enum su_status read_install(struct wire *wire, void *out, struct su_error *err)
{
	struct profile *profile = out;
	profile->has_install = true;
	return read_seconds(wire, &profile->install_s, err);
}

enum su_status wire_read_profile(struct wire *wire, struct profile *out, struct su_error *err)
{
	static const struct wire_field fields[] = {
		{ PROFILE_REACHABILITY, read_reachability },
		{ PROFILE_ALWAYS_ON, read_always_on },
		{ PROFILE_BEHIND_NAT, read_behind_nat },
		{ PROFILE_ANSWERS, read_answers },
		{ PROFILE_TAKES_PUSH, read_takes_push },
		{ PROFILE_AWAKE_S, read_awake },
		{ PROFILE_WAKE_EVERY_S, read_wake_every },
		{ PROFILE_LINK_BYTES_PER_S, read_link_rate },
		{ PROFILE_INSTALL_S, read_install },
		{ 0, NULL },
	};
	static const struct wire_map map = { profile_keys, fields, 0 };
	SU_TRY(wire_read_map(wire, &map, out, err));
	return profile_check(out, err);
}

/* A window as its keys come; which of them came says which form it is. */
struct window_parts {
	struct window window;
	bool has_days, has_start, has_duration, has_from, has_until;
};

static enum su_status read_meaning(struct wire *wire, void *out, struct su_error *err)
{
	struct window_parts *parts = out;
	int value;
	SU_TRY(wire_read_name(wire, window_meaning_names, &value, err));
	parts->window.meaning = (enum window_meaning)value;
	return SU_OK;
}

static enum su_status read_small(
	struct wire *wire, unsigned max, unsigned *out, struct su_error *err)
{
	uint64_t value;
	SU_TRY(wire_read_uint(wire, &value, err));
	if (value > max)
		return su_fail(err, SU_INVALID, "", "must be at most %u", max);
	*out = (unsigned)value;
	return SU_OK;
}

static enum su_status read_days(struct wire *wire, void *out, struct su_error *err)
{
	struct window_parts *parts = out;
	parts->has_days = true;
	return read_small(wire, WINDOW_EVERY_DAY, &parts->window.days, err);
}

static enum su_status read_start(struct wire *wire, void *out, struct su_error *err)
{
	struct window_parts *parts = out;
	parts->has_start = true;
	return read_small(wire, WINDOW_MINUTES_OF_DAY - 1, &parts->window.start_minute, err);
}

static enum su_status read_duration(struct wire *wire, void *out, struct su_error *err)
{
	struct window_parts *parts = out;
	parts->has_duration = true;
	return read_small(wire, WINDOW_MAX_DURATION_MIN, &parts->window.duration_min, err);
}

static enum su_status read_moment(struct wire *wire, int64_t *out_ms, struct su_error *err)
{
	uint64_t at_s;
	SU_TRY(wire_read_uint(wire, &at_s, err));
	if (at_s > LATEST_S)
		return su_fail(err, SU_INVALID, "", "must be a time before the year 10000");
	*out_ms = (int64_t)at_s * 1000;
	return SU_OK;
}

static enum su_status read_from(struct wire *wire, void *out, struct su_error *err)
{
	struct window_parts *parts = out;
	parts->has_from = true;
	return read_moment(wire, &parts->window.from_ms, err);
}

static enum su_status read_until(struct wire *wire, void *out, struct su_error *err)
{
	struct window_parts *parts = out;
	parts->has_until = true;
	return read_moment(wire, &parts->window.until_ms, err);
}

static enum su_status read_window(struct wire *wire, void *out, struct su_error *err)
{
	static const struct wire_field fields[] = {
		{ WINDOW_KEY_MEANING, read_meaning },
		{ WINDOW_KEY_DAYS, read_days },
		{ WINDOW_KEY_START_MINUTE, read_start },
		{ WINDOW_KEY_DURATION_MIN, read_duration },
		{ WINDOW_KEY_FROM_S, read_from },
		{ WINDOW_KEY_UNTIL_S, read_until },
		{ 0, NULL },
	};
	static const struct wire_map map = { window_keys, fields, 0 };
	struct calendar *calendar = out;
	struct window_parts parts = { 0 };
	SU_TRY(wire_read_map(wire, &map, &parts, err));
	bool any_weekly = parts.has_days || parts.has_start || parts.has_duration;
	bool all_weekly = parts.has_days && parts.has_start && parts.has_duration;
	bool once = parts.has_until && !any_weekly;
	if (!once && (!all_weekly || parts.has_from || parts.has_until))
		return su_fail(err, SU_INVALID, "",
			"must have days, start and duration, or until and maybe from");
	parts.window.form = once ? WINDOW_INTERVAL : WINDOW_WEEKLY;
	calendar->windows[calendar->n_windows++] = parts.window;
	return SU_OK;
}

static enum su_status read_time_zone(struct wire *wire, void *out, struct su_error *err)
{
	struct calendar *calendar = out;
	return wire_read_text(wire, TIME_ZONE_MAX_BYTES, &calendar->time_zone, err);
}

static enum su_status read_windows(struct wire *wire, void *out, struct su_error *err)
{
	return wire_read_array(wire, DEVICE_MAX_WINDOWS, read_window, out, err);
}

static enum su_status refuse_rules(const struct calendar *calendar, struct su_error *err)
{
	for (size_t i = 0; i < calendar->n_windows; i++)
		if (calendar->windows[i].form == WINDOW_RULE)
			return su_fail(err, SU_INVALID, "windows", "rules are for operators only");
	return SU_OK;
}

enum su_status wire_read_calendar(
	struct wire *wire, const struct calendar **out, struct su_error *err)
{
	static const struct wire_field fields[] = {
		{ CALENDAR_TIME_ZONE, read_time_zone },
		{ CALENDAR_WINDOWS, read_windows },
		{ 0, NULL },
	};
	static const struct wire_map map = { calendar_keys, fields, CALENDAR_WINDOWS };
	struct calendar *calendar = su_arena_new_of(wire->arena, struct calendar);
	*out = calendar;
	if (wire->format == WIRE_CBOR)
		return wire_read_map(wire, &map, calendar, err);
	SU_TRY(calendar_from_json(wire->arena, wire->value, calendar, err));
	return refuse_rules(calendar, err);
}
