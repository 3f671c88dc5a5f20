/* SPDX-License-Identifier: Apache-2.0 */
/* Plain English, times always in UTC. */
#include "tools/wording.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)

static const struct unit {
	const char *name;
	int64_t ms;
} units[] = {
	{ "day", 24 * 60 * MINUTE_MS },
	{ "hour", 60 * MINUTE_MS },
	{ "minute", MINUTE_MS },
	{ "second", SECOND_MS },
};
#define N_UNITS (sizeof(units) / sizeof(units[0]))

static const char *amount(struct su_arena *arena, int64_t n, const char *unit)
{
	return su_arena_printf(arena, "%" PRId64 " %s%s", n, unit, n == 1 ? "" : "s");
}

const char *wording_span(struct su_arena *arena, int64_t span_ms)
{
	size_t at = 0;
	while (at < N_UNITS && span_ms < units[at].ms)
		at++;
	if (at == N_UNITS)
		return "less than a second";
	const char *first = amount(arena, span_ms / units[at].ms, units[at].name);
	int64_t rest_ms = span_ms % units[at].ms;
	if (at + 1 == N_UNITS || rest_ms < units[at + 1].ms)
		return first;
	return su_arena_printf(arena, "%s %s", first,
		amount(arena, rest_ms / units[at + 1].ms, units[at + 1].name));
}

const char *wording_duration(struct su_arena *arena, const char *duration)
{
	int64_t span_ms;
	if (!duration)
		return "-";
	if (su_duration_parse(duration, &span_ms, NULL) != SU_OK)
		return duration;
	return span_ms == 0 ? "none" : wording_span(arena, span_ms);
}

const char *wording_minute(struct su_arena *arena, const json_t *time)
{
	const char *text = json_string_value(time);
	int64_t at_ms;
	if (!text || su_time_parse(text, &at_ms, NULL) != SU_OK)
		return "-";
	char in_utc[SU_TIME_TEXT_SIZE];
	su_time_format(at_ms, in_utc);
	return su_arena_printf(arena, "%.10s %.5s", in_utc, in_utc + strlen("2026-11-21T"));
}

const char *wording_time(struct su_arena *arena, const json_t *time, int64_t now_ms)
{
	const char *text = json_string_value(time);
	int64_t at_ms;
	if (!text || su_time_parse(text, &at_ms, NULL) != SU_OK)
		return "-";
	const char *minute = wording_minute(arena, time);
	int64_t apart_ms = llabs(at_ms - now_ms);
	if (apart_ms < MINUTE_MS)
		return su_arena_printf(arena, "%s UTC, now", minute);
	return at_ms > now_ms ? su_arena_printf(arena, "%s UTC, in %s", minute,
					wording_span(arena, apart_ms))
			      : su_arena_printf(arena, "%s UTC, %s ago", minute,
					wording_span(arena, apart_ms));
}

const char *wording_counts(struct su_arena *arena, const json_t *counts)
{
	const char *list = NULL, *name;
	json_t *count;
	json_object_foreach((json_t *)counts, name, count)
	{
		if (json_integer_value(count) == 0)
			continue;
		list = su_arena_printf(arena, "%s%s%" JSON_INTEGER_FORMAT " %s", list ? list : "",
			list ? ", " : "", json_integer_value(count), name);
	}
	return list ? list : "none";
}
