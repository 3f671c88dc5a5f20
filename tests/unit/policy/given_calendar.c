/* SPDX-License-Identifier: Apache-2.0 */
/* A calendar that knows intervals only, so that tests of what rests on one need no time zones. */
#include "policy/calendar.h"

bool calendar_has(const struct calendar *calendar, enum window_meaning meaning)
{
	for (size_t i = 0; i < calendar->n_windows; i++)
		if (calendar->windows[i].meaning == meaning)
			return true;
	return false;
}

bool calendar_next(
	const struct calendar *calendar, const struct calendar_query *query, struct interval *out)
{
	bool found = false;
	for (size_t i = 0; i < calendar->n_windows; i++) {
		const struct window *window = &calendar->windows[i];
		int64_t from_ms = window->from_ms > query->now_ms ? window->from_ms : query->now_ms;
		if (window->meaning != query->meaning || from_ms >= query->horizon_ms ||
			from_ms >= window->until_ms || window->until_ms - from_ms < query->min_ms ||
			(found && out->from_ms <= window->from_ms))
			continue;
		*out = (struct interval){ window->from_ms, window->until_ms };
		found = true;
	}
	return found;
}
