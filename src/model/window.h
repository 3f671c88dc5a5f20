/* SPDX-License-Identifier: Apache-2.0 */
/* When a device may be interrupted or reached: what devices report and operators provision. Plain values. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/names.h"

#define DEVICE_MAX_WINDOWS      16
#define TIME_ZONE_MAX_BYTES     64
#define WINDOW_RULE_MAX_BYTES   256
#define WINDOW_MAX_DURATION_MIN (7 * 24 * 60)
#define WINDOW_MINUTES_OF_DAY   (24 * 60)
#define WINDOW_EVERY_DAY        0x7f

/* What holds inside the window. Busy takes time away from idle. */
enum window_meaning { WINDOW_IDLE, WINDOW_BUSY, WINDOW_REACHABLE };
extern const struct name_row window_meaning_names[];

enum window_form {
	WINDOW_WEEKLY,   /* the same days and hours each week, by the clock on the device's wall */
	WINDOW_INTERVAL, /* once; also "now until T" */
	WINDOW_RULE,     /* an RFC 5545 recurrence rule; for operators only */
};
extern const struct name_row window_form_names[];

struct window {
	enum window_meaning meaning;
	enum window_form form;
	unsigned days;         /* weekly: bit 0 is Monday, bit 6 Sunday */
	unsigned start_minute; /* weekly: local, 0..1439 */
	unsigned duration_min; /* weekly, rule: 1..WINDOW_MAX_DURATION_MIN of elapsed time */
	int64_t from_ms; /* interval: Unix time, 0 = already; rule: DTSTART, 0 = 1970-01-05 local */
	int64_t until_ms; /* interval: first moment outside */
	const char *rule; /* rule: "FREQ=MONTHLY;BYDAY=1SU;BYHOUR=2" */
};

/* Pointers live in the arena that the producing function was given. */
struct calendar {
	const char *time_zone; /* IANA name ("Europe/Berlin"); NULL: UTC */
	size_t n_windows;
	struct window windows[DEVICE_MAX_WINDOWS];
};

bool calendar_equal(const struct calendar *a, const struct calendar *b); /* NULL equals NULL */
