/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a device is idle, busy or reachable: a calendar's windows laid out in time. Time zones come from
 * the system's tzdata, recurrence rules from libical; a weekly window that the change to daylight
 * saving swallows begins when the clock jumps, one that happens twice happens at the first.
 */
#pragma once

#include "base/arena.h"
#include "base/status.h"
#include "model/window.h"

/* [from_ms, until_ms) of Unix time. */
struct interval {
	int64_t from_ms, until_ms;
};

/* Whether each window makes sense and no idle interval lies wholly inside a busy one. What an
 * interval says must not be all in the past (now_ms). SU_INVALID names the window: "windows[2].days". */
enum su_status calendar_check(
	const struct calendar *calendar, int64_t now_ms, struct su_error *err) SU_MUST_CHECK;

/*
 * The first interval that ends after now_ms, begins before horizon_ms and has at least min_ms left
 * after now_ms. Touching and overlapping windows of one meaning count as one; WINDOW_IDLE leaves out
 * what is busy. Without any window of this meaning: false (says nothing about the device).
 * from_ms is now_ms when it holds already; until_ms may lie beyond the horizon, but what goes on and
 * on is not followed much further. The cost is independent of how long ago the calendar began.
 */
struct calendar_query {
	enum window_meaning meaning;
	int64_t now_ms, min_ms, horizon_ms;
};
bool calendar_next(
	const struct calendar *calendar, const struct calendar_query *query, struct interval *out);
bool calendar_has(const struct calendar *calendar, enum window_meaning meaning);
