/* SPDX-License-Identifier: Apache-2.0 */
/* The two clocks, and times as text. Only daemon/, server/ and tools/ read a clock: below them time is an argument. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

int64_t su_clock_wall_ms(void); /* Unix time in milliseconds */
int64_t su_clock_mono_ms(void); /* never steps; origin unspecified */
int64_t su_clock_mono_us(void); /* the same in microseconds */

#define SU_TIME_TEXT_SIZE 32

/* "2026-11-21T09:00:00.123Z" (RFC 3339, UTC); the fraction is left out when it is zero. */
void su_time_format(int64_t wall_ms, char out[SU_TIME_TEXT_SIZE]);
enum su_status su_time_parse(
	const char *text, int64_t *wall_ms_out, struct su_error *err) SU_MUST_CHECK;

/* ISO 8601 durations of weeks, days, hours, minutes, seconds: "PT15M", "P1DT2H". */
void su_duration_format(int64_t duration_ms, char out[SU_TIME_TEXT_SIZE]);
enum su_status su_duration_parse(
	const char *text, int64_t *duration_ms_out, struct su_error *err) SU_MUST_CHECK;
