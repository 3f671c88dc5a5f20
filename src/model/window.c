/* SPDX-License-Identifier: Apache-2.0 */
/* The words for windows, and whether two calendars say the same. */
#include "model/window.h"

#include <string.h>

const struct name_row window_meaning_names[] = {
	{ WINDOW_IDLE, "idle" },
	{ WINDOW_BUSY, "busy" },
	{ WINDOW_REACHABLE, "reachable" },
	{ 0, NULL },
};

const struct name_row window_form_names[] = {
	{ WINDOW_WEEKLY, "weekly" },
	{ WINDOW_INTERVAL, "interval" },
	{ WINDOW_RULE, "rule" },
	{ 0, NULL },
};

static bool text_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool window_equal(const struct window *a, const struct window *b)
{
	return a->meaning == b->meaning && a->form == b->form && a->days == b->days &&
	       a->start_minute == b->start_minute && a->duration_min == b->duration_min &&
	       a->from_ms == b->from_ms && a->until_ms == b->until_ms &&
	       text_equal(a->rule, b->rule);
}

bool calendar_equal(const struct calendar *a, const struct calendar *b)
{
	if (!a || !b)
		return a == b;
	bool equal = text_equal(a->time_zone, b->time_zone) && a->n_windows == b->n_windows;
	for (size_t i = 0; equal && i < a->n_windows; i++)
		equal = window_equal(&a->windows[i], &b->windows[i]);
	return equal;
}
