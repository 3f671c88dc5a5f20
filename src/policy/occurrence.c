/* SPDX-License-Identifier: Apache-2.0 */
/* Finds occurrences of weekly windows by the calendar of their zone, of rules through recurrence.c. */
#include "policy/occurrence.h"

#include "policy/recurrence.h"

#define DAY_S     ((int64_t)86400)
#define SECOND_MS ((int64_t)1000)
/* 1970-01-05 was a Monday: where rules without DTSTART begin. */
#define FIRST_MONDAY_S (4 * DAY_S)
/* A week, the day that begins before the search, and one that the clock may jump over. */
#define DAYS_TO_SEARCH 10

static int64_t floor_div(int64_t value, int64_t by)
{
	int64_t quotient = value / by;
	return value % by < 0 ? quotient - 1 : quotient;
}

/* 0 is Monday. */
static unsigned weekday_of(int64_t day)
{
	return (unsigned)(((day - 4) % 7 + 7) % 7);
}

static bool weekly_after(const struct window *window, const struct zone *zone, int64_t after_ms,
	struct interval *out)
{
	int64_t duration_ms = (int64_t)window->duration_min * 60 * SECOND_MS;
	int64_t begins_s = floor_div(after_ms - duration_ms, SECOND_MS);
	int64_t day = floor_div(zone_to_local_s(zone, begins_s), DAY_S) - 1;
	for (int64_t last = day + DAYS_TO_SEARCH; day <= last; day++) {
		if (!(window->days & 1u << weekday_of(day)))
			continue;
		int64_t local_s = day * DAY_S + (int64_t)window->start_minute * 60;
		out->from_ms = zone_to_utc_s(zone, local_s) * SECOND_MS;
		out->until_ms = out->from_ms + duration_ms;
		if (out->until_ms > after_ms)
			return true;
	}
	return false;
}

static bool rule_after(const struct window *window, const struct zone *zone, int64_t after_ms,
	struct interval *out)
{
	int64_t duration_ms = (int64_t)window->duration_min * 60 * SECOND_MS;
	struct recurrence recurrence = { window->rule, zone,
		window->from_ms > 0 ? floor_div(window->from_ms, SECOND_MS)
				    : zone_to_utc_s(zone, FIRST_MONDAY_S) };
	int64_t at_s;
	/* The first full second whose occurrence ends after after_ms. */
	if (!recurrence_next(&recurrence, floor_div(after_ms - duration_ms, SECOND_MS) + 1, &at_s))
		return false;
	out->from_ms = at_s * SECOND_MS;
	out->until_ms = out->from_ms + duration_ms;
	return true;
}

static bool interval_after(const struct window *window, int64_t after_ms, struct interval *out)
{
	*out = (struct interval){ window->from_ms, window->until_ms };
	return window->until_ms > after_ms;
}

bool occurrence_after(const struct window *window, const struct zone *zone, int64_t after_ms,
	struct interval *out)
{
	switch (window->form) {
	case WINDOW_WEEKLY:
		return weekly_after(window, zone, after_ms, out);
	case WINDOW_RULE:
		return rule_after(window, zone, after_ms, out);
	case WINDOW_INTERVAL:
		break;
	}
	return interval_after(window, after_ms, out);
}
