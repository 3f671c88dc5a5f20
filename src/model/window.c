/* SPDX-License-Identifier: Apache-2.0 */
/* The words for windows. */
#include "model/window.h"

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
