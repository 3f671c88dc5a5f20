/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the windows of a calendar together: joins what touches and takes busy away from idle. */
#include "policy/calendar.h"

#include <stdio.h>

#include "policy/occurrence.h"
#include "policy/recurrence.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)
/* What a search may cost: more spans, and longer chains of touching windows, are not looked at. */
#define MAX_SPANS   1000
#define MAX_TOUCHES 1000
/* A rule that has not happened by then is taken for one that never does. */
#define RULE_MUST_HAPPEN_MS (30 * 366 * DAY_MS)
/* The end of the year 9999. */
#define LATEST_MS ((int64_t)253402300800 * 1000)

struct layout {
	const struct calendar *calendar;
	const struct zone *zone;
	int64_t horizon_ms;
};

bool calendar_has(const struct calendar *calendar, enum window_meaning meaning)
{
	for (size_t i = 0; i < calendar->n_windows; i++)
		if (calendar->windows[i].meaning == meaning)
			return true;
	return false;
}

/* The occurrence that begins first among those that end after after_ms. */
static bool first_occurrence(const struct layout *layout, enum window_meaning meaning,
	int64_t after_ms, struct interval *out)
{
	bool found = false;
	for (size_t i = 0; i < layout->calendar->n_windows; i++) {
		const struct window *window = &layout->calendar->windows[i];
		struct interval here;
		if (window->meaning != meaning ||
			!occurrence_after(window, layout->zone, after_ms, &here))
			continue;
		if (!found || here.from_ms < out->from_ms)
			*out = here;
		found = true;
	}
	return found;
}

/* That occurrence with all that overlaps or touches it afterwards. It begins at after_ms when it has begun already. */
static bool next_span(const struct layout *layout, enum window_meaning meaning, int64_t after_ms,
	struct interval *out)
{
	struct interval more;
	if (!first_occurrence(layout, meaning, after_ms, out) || out->from_ms >= layout->horizon_ms)
		return false;
	if (out->from_ms < after_ms)
		out->from_ms = after_ms;
	for (int touches = 0; touches < MAX_TOUCHES && out->until_ms < layout->horizon_ms;
		touches++) {
		if (!first_occurrence(layout, meaning, out->until_ms, &more) ||
			more.from_ms > out->until_ms)
			break;
		out->until_ms = more.until_ms;
	}
	return true;
}

/* The first piece of span that is long enough and not busy. */
static bool free_piece(
	const struct layout *layout, struct interval span, int64_t min_ms, struct interval *out)
{
	struct interval busy;
	for (int spans = 0; spans < MAX_SPANS && span.from_ms < span.until_ms; spans++) {
		bool taken = next_span(layout, WINDOW_BUSY, span.from_ms, &busy) &&
			     busy.from_ms < span.until_ms;
		*out = (struct interval){ span.from_ms, taken ? busy.from_ms : span.until_ms };
		if (out->until_ms > out->from_ms && out->until_ms - out->from_ms >= min_ms)
			return true;
		if (!taken)
			return false;
		span.from_ms = busy.until_ms;
	}
	return false;
}

static bool span_serves(const struct layout *layout, const struct calendar_query *query,
	struct interval span, struct interval *out)
{
	*out = span;
	if (query->meaning == WINDOW_IDLE && calendar_has(layout->calendar, WINDOW_BUSY))
		return free_piece(layout, span, query->min_ms, out) &&
		       out->from_ms < query->horizon_ms;
	return span.until_ms - span.from_ms >= query->min_ms;
}

bool calendar_next(
	const struct calendar *calendar, const struct calendar_query *query, struct interval *out)
{
	struct layout layout = { calendar, zone_find(calendar->time_zone), query->horizon_ms };
	int64_t at_ms = query->now_ms;
	if (layout.zone == NULL)
		layout.zone = zone_find(NULL); /* tzdata lost it after it was checked */
	for (int spans = 0; spans < MAX_SPANS; spans++) {
		struct interval span, piece;
		if (!next_span(&layout, query->meaning, at_ms, &span))
			return false;
		if (span_serves(&layout, query, span, &piece)) {
			*out = piece;
			return true;
		}
		at_ms = span.until_ms;
	}
	return false;
}

static enum su_status check_duration(const struct window *window, struct su_error *err)
{
	if (window->duration_min < 1 || window->duration_min > WINDOW_MAX_DURATION_MIN)
		return su_fail(err, SU_INVALID, "duration", "must be 1 minute to 7 days");
	return SU_OK;
}

static enum su_status check_weekly(const struct window *window, struct su_error *err)
{
	if (window->days == 0)
		return su_fail(err, SU_INVALID, "days", "must name at least one day");
	if (window->days > WINDOW_EVERY_DAY)
		return su_fail(err, SU_INVALID, "days", "a week has seven days");
	if (window->start_minute >= WINDOW_MINUTES_OF_DAY)
		return su_fail(err, SU_INVALID, "start", "must be 00:00 to 23:59");
	return check_duration(window, err);
}

static enum su_status check_interval(
	const struct window *window, int64_t now_ms, struct su_error *err)
{
	if (window->from_ms < 0 || window->from_ms >= LATEST_MS)
		return su_fail(err, SU_INVALID, "from", "must be a time from 1970 to 9999");
	if (window->until_ms < 0 || window->until_ms >= LATEST_MS)
		return su_fail(err, SU_INVALID, "until", "must be a time from 1970 to 9999");
	if (window->until_ms <= window->from_ms)
		return su_fail(err, SU_INVALID, "until", "must come after from");
	if (window->until_ms <= now_ms)
		return su_fail(err, SU_INVALID, "until", "is over already");
	return SU_OK;
}

static enum su_status check_rule(
	const struct window *window, const struct zone *zone, int64_t now_ms, struct su_error *err)
{
	struct interval first;
	SU_TRY(check_duration(window, err));
	if (window->from_ms < 0 || window->from_ms >= LATEST_MS)
		return su_fail(err, SU_INVALID, "from", "must be a time from 1970 to 9999");
	if (window->rule == NULL)
		return su_fail(err, SU_INVALID, "rule", "is missing");
	SU_TRY(recurrence_check(window->rule, err));
	if (!occurrence_after(window, zone, now_ms, &first) ||
		first.from_ms - now_ms > RULE_MUST_HAPPEN_MS)
		return su_fail(err, SU_INVALID, "rule", "does not happen any more");
	return SU_OK;
}

static enum su_status check_window(
	const struct window *window, const struct zone *zone, int64_t now_ms, struct su_error *err)
{
	if (name_of(window_meaning_names, (int)window->meaning) == NULL)
		return su_fail(err, SU_INVALID, "meaning", "must be idle, busy or reachable");
	switch (window->form) {
	case WINDOW_WEEKLY:
		return check_weekly(window, err);
	case WINDOW_INTERVAL:
		return check_interval(window, now_ms, err);
	case WINDOW_RULE:
		return check_rule(window, zone, now_ms, err);
	}
	return su_fail(err, SU_INVALID, "", "must be weekly, an interval or a rule");
}

/* An idle window of which busy ones leave nothing contradicts them. What busy intervals take away
 * for a while only counts against idle intervals: the weeks after are free. */
static enum su_status check_some_is_free(
	const struct calendar *calendar, size_t i, int64_t now_ms, struct su_error *err)
{
	const struct window *idle = &calendar->windows[i];
	struct calendar left = { .time_zone = calendar->time_zone, .n_windows = 1 };
	struct calendar_query query = { WINDOW_IDLE, now_ms, 0, idle->until_ms };
	struct interval piece;
	left.windows[0] = *idle;
	for (size_t k = 0; k < calendar->n_windows; k++) {
		const struct window *window = &calendar->windows[k];
		if (window->meaning != WINDOW_BUSY ||
			(window->form == WINDOW_INTERVAL && idle->form != WINDOW_INTERVAL))
			continue;
		left.windows[left.n_windows++] = *window;
	}
	if (idle->form != WINDOW_INTERVAL)
		query.horizon_ms = now_ms + RULE_MUST_HAPPEN_MS;
	if (calendar_next(&left, &query, &piece))
		return SU_OK;
	return su_fail(err, SU_INVALID, "", "is idle only while other windows say busy");
}

static enum su_status within_window(enum su_status status, size_t i, struct su_error *err)
{
	char name[32];
	snprintf(name, sizeof(name), "windows[%zu]", i);
	if (status != SU_OK)
		su_error_within(err, name);
	return status;
}

enum su_status calendar_check(const struct calendar *calendar, int64_t now_ms, struct su_error *err)
{
	const struct zone *zone = zone_find(calendar->time_zone);
	if (zone == NULL)
		return su_fail(err, SU_INVALID, "time_zone", "there is no time zone '%.64s'",
			calendar->time_zone);
	if (calendar->n_windows > DEVICE_MAX_WINDOWS)
		return su_fail(
			err, SU_INVALID, "windows", "at most %d windows", DEVICE_MAX_WINDOWS);
	for (size_t i = 0; i < calendar->n_windows; i++)
		SU_TRY(within_window(
			check_window(&calendar->windows[i], zone, now_ms, err), i, err));
	for (size_t i = 0; i < calendar->n_windows; i++)
		if (calendar->windows[i].meaning == WINDOW_IDLE)
			SU_TRY(within_window(check_some_is_free(calendar, i, now_ms, err), i, err));
	return SU_OK;
}
