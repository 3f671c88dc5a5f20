/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes calendars; which members a window has says which form it is. */
#include "policy/calendar_json.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define MINUTE_MS ((int64_t)60000)

static const char *const day_words[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };

static enum su_status read_text(
	const json_t *object, const char *name, const char **out, struct su_error *err)
{
	const json_t *value = json_object_get(object, name);
	*out = NULL;
	if (value == NULL)
		return SU_OK;
	if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))
		return su_fail(err, SU_INVALID, name, "must be a string");
	*out = json_string_value(value);
	return SU_OK;
}

static enum su_status read_time(
	const json_t *object, const char *name, int64_t *out, struct su_error *err)
{
	const char *text;
	*out = 0;
	SU_TRY(read_text(object, name, &text, err));
	if (text != NULL && su_time_parse(text, out, NULL) != SU_OK)
		return su_fail(err, SU_INVALID, name,
			"must be a time of RFC 3339 such as 2026-11-21T09:00:00Z");
	return SU_OK;
}

static enum su_status read_duration(const json_t *object, struct window *out, struct su_error *err)
{
	const char *text;
	int64_t duration_ms;
	SU_TRY(read_text(object, "duration", &text, err));
	if (text == NULL)
		return su_fail(err, SU_INVALID, "duration", "must be given");
	if (su_duration_parse(text, &duration_ms, NULL) != SU_OK || duration_ms % MINUTE_MS != 0 ||
		duration_ms <= 0 || duration_ms > WINDOW_MAX_DURATION_MIN * MINUTE_MS)
		return su_fail(err, SU_INVALID, "duration",
			"must be whole minutes, 1 minute to 7 days, such as PT2H");
	out->duration_min = (unsigned)(duration_ms / MINUTE_MS);
	return SU_OK;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static enum su_status read_start(const json_t *object, struct window *out, struct su_error *err)
{
	const char *text;
	SU_TRY(read_text(object, "start", &text, err));
	bool shaped = text != NULL && strlen(text) == 5 && is_digit(text[0]) && is_digit(text[1]) &&
		      text[2] == ':' && is_digit(text[3]) && is_digit(text[4]);
	if (shaped)
		out->start_minute = (unsigned)(((text[0] - '0') * 10 + text[1] - '0') * 60 +
					       (text[3] - '0') * 10 + text[4] - '0');
	if (!shaped || text[3] > '5' || out->start_minute >= WINDOW_MINUTES_OF_DAY)
		return su_fail(err, SU_INVALID, "start", "must be 00:00 to 23:59");
	return SU_OK;
}

static enum su_status read_day(const json_t *value, unsigned *days, struct su_error *err)
{
	const char *word = json_string_value(value);
	for (unsigned day = 0; word != NULL && day < 7; day++) {
		if (strcmp(word, day_words[day]) != 0)
			continue;
		if (*days & 1u << day)
			return su_fail(err, SU_INVALID, "days", "names %s twice", word);
		*days |= 1u << day;
		return SU_OK;
	}
	return su_fail(
		err, SU_INVALID, "days", "must be a list of mon, tue, wed, thu, fri, sat, sun");
}

static enum su_status read_days(const json_t *object, struct window *out, struct su_error *err)
{
	const json_t *list = json_object_get(object, "days");
	size_t i;
	json_t *item;
	if (!json_is_array(list))
		return read_day(NULL, &out->days, err);
	json_array_foreach(list, i, item) SU_TRY(read_day(item, &out->days, err));
	return SU_OK;
}

static enum su_status only_members(
	const json_t *object, const char *const *names, const char *form, struct su_error *err)
{
	const char *name;
	json_t *item;
	json_object_foreach((json_t *)object, name, item)
	{
		size_t i = 0;
		while (names[i] != NULL && strcmp(names[i], name) != 0)
			i++;
		if (names[i] == NULL)
			return su_fail(
				err, SU_INVALID, "", "%s has no member \"%.40s\"", form, name);
	}
	return SU_OK;
}

static enum su_status read_weekly(const json_t *object, struct window *out, struct su_error *err)
{
	static const char *const names[] = { "meaning", "days", "start", "duration", NULL };
	out->form = WINDOW_WEEKLY;
	SU_TRY(only_members(object, names, "a weekly window", err));
	SU_TRY(read_days(object, out, err));
	SU_TRY(read_start(object, out, err));
	return read_duration(object, out, err);
}

static enum su_status read_interval(const json_t *object, struct window *out, struct su_error *err)
{
	static const char *const names[] = { "meaning", "from", "until", NULL };
	out->form = WINDOW_INTERVAL;
	SU_TRY(only_members(object, names, "an interval", err));
	SU_TRY(read_time(object, "from", &out->from_ms, err));
	return read_time(object, "until", &out->until_ms, err);
}

static enum su_status read_rule(
	struct su_arena *arena, const json_t *object, struct window *out, struct su_error *err)
{
	static const char *const names[] = { "meaning", "rule", "from", "duration", NULL };
	const char *rule;
	out->form = WINDOW_RULE;
	SU_TRY(only_members(object, names, "a window with a rule", err));
	SU_TRY(read_text(object, "rule", &rule, err));
	if (strlen(rule) > WINDOW_RULE_MAX_BYTES)
		return su_fail(err, SU_INVALID, "rule", "must have 1 to %d characters",
			WINDOW_RULE_MAX_BYTES);
	out->rule = su_arena_strdup(arena, rule);
	SU_TRY(read_time(object, "from", &out->from_ms, err));
	return read_duration(object, out, err);
}

static enum su_status read_window(
	struct su_arena *arena, const json_t *object, struct window *out, struct su_error *err)
{
	const json_t *meaning = json_object_get(object, "meaning");
	int value = WINDOW_IDLE;
	if (!json_is_object(object))
		return su_fail(err, SU_INVALID, "", "must be an object");
	if (meaning != NULL)
		SU_TRY(name_parse(
			window_meaning_names, "meaning", json_string_value(meaning), &value, err));
	out->meaning = (enum window_meaning)value;
	if (json_object_get(object, "rule") != NULL)
		return read_rule(arena, object, out, err);
	if (json_object_get(object, "until") != NULL)
		return read_interval(object, out, err);
	if (json_object_get(object, "days") != NULL)
		return read_weekly(object, out, err);
	return su_fail(err, SU_INVALID, "",
		"must have days (weekly), until (an interval) or rule (a recurrence)");
}

static enum su_status read_windows(
	struct su_arena *arena, const json_t *list, struct calendar *out, struct su_error *err)
{
	size_t i;
	json_t *item;
	if (!json_is_array(list))
		return su_fail(err, SU_INVALID, "windows", "must be an array");
	if (json_array_size(list) > DEVICE_MAX_WINDOWS)
		return su_fail(
			err, SU_INVALID, "windows", "at most %d windows", DEVICE_MAX_WINDOWS);
	json_array_foreach(list, i, item)
	{
		char name[32];
		enum su_status status = read_window(arena, item, &out->windows[i], err);
		snprintf(name, sizeof(name), "windows[%zu]", i);
		if (status != SU_OK) {
			su_error_within(err, name);
			return status;
		}
		out->n_windows++;
	}
	return SU_OK;
}

enum su_status calendar_from_json(
	struct su_arena *arena, const json_t *value, struct calendar *out, struct su_error *err)
{
	static const char *const names[] = { "time_zone", "windows", NULL };
	const char *zone;
	*out = (struct calendar){ 0 };
	if (!json_is_object(value))
		return su_fail(err, SU_INVALID, "", "must be an object");
	SU_TRY(only_members(value, names, "a calendar", err));
	SU_TRY(read_text(value, "time_zone", &zone, err));
	if (zone != NULL && (zone[0] == '\0' || strlen(zone) > TIME_ZONE_MAX_BYTES))
		return su_fail(err, SU_INVALID, "time_zone", "must have 1 to %d characters",
			TIME_ZONE_MAX_BYTES);
	out->time_zone = su_arena_strdup(arena, zone);
	return read_windows(arena, json_object_get(value, "windows"), out, err);
}

static void put_time(json_t *out, const char *name, int64_t at_ms)
{
	char text[SU_TIME_TEXT_SIZE];
	if (at_ms == 0)
		return;
	su_time_format(at_ms, text);
	json_object_set_new(out, name, json_string(text));
}

static void put_weekly(json_t *out, const struct window *window)
{
	json_t *days = json_array();
	for (unsigned day = 0; day < 7; day++)
		if (window->days & 1u << day)
			json_array_append_new(days, json_string(day_words[day]));
	json_object_set_new(out, "days", days);
	json_object_set_new(out, "start",
		json_sprintf("%02u:%02u", window->start_minute / 60, window->start_minute % 60));
}

static json_t *window_to_json(const struct window *window)
{
	char duration[SU_TIME_TEXT_SIZE];
	json_t *out = json_object();
	json_object_set_new(
		out, "meaning", json_string(name_of(window_meaning_names, (int)window->meaning)));
	if (window->form == WINDOW_WEEKLY)
		put_weekly(out, window);
	if (window->form == WINDOW_RULE)
		json_object_set_new(out, "rule", json_string(window->rule));
	if (window->form != WINDOW_WEEKLY)
		put_time(out, "from", window->from_ms);
	if (window->form == WINDOW_INTERVAL) {
		put_time(out, "until", window->until_ms);
		return out;
	}
	su_duration_format(window->duration_min * MINUTE_MS, duration);
	json_object_set_new(out, "duration", json_string(duration));
	return out;
}

json_t *calendar_to_json(const struct calendar *calendar)
{
	json_t *windows = json_array();
	json_t *out = json_object();
	for (size_t i = 0; i < calendar->n_windows; i++)
		json_array_append_new(windows, window_to_json(&calendar->windows[i]));
	if (calendar->time_zone != NULL)
		json_object_set_new(out, "time_zone", json_string(calendar->time_zone));
	json_object_set_new(out, "windows", windows);
	return out;
}
