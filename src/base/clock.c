/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the two clocks; formats and parses times (RFC 3339) and durations (ISO 8601). */
#include "base/clock.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)
#define WEEK_MS   (7 * DAY_MS)

/* 0000-01-01T00:00:00Z and 9999-12-31T23:59:59.999Z: what four digits of year can say. */
#define EARLIEST_MS (INT64_C(-62167219200) * SECOND_MS)
#define LATEST_MS   (INT64_C(253402300800) * SECOND_MS - 1)

static int64_t read_clock_us(clockid_t id)
{
	struct timespec now;
	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t su_clock_wall_ms(void)
{
	return read_clock_us(CLOCK_REALTIME) / 1000;
}

int64_t su_clock_mono_ms(void)
{
	return read_clock_us(CLOCK_MONOTONIC) / 1000;
}

int64_t su_clock_mono_us(void)
{
	return read_clock_us(CLOCK_MONOTONIC);
}

void su_time_format(int64_t wall_ms, char out[SU_TIME_TEXT_SIZE])
{
	if (wall_ms < EARLIEST_MS)
		wall_ms = EARLIEST_MS;
	if (wall_ms > LATEST_MS)
		wall_ms = LATEST_MS;
	int64_t fraction_ms = (wall_ms % SECOND_MS + SECOND_MS) % SECOND_MS;
	time_t seconds = (time_t)((wall_ms - fraction_ms) / SECOND_MS);
	struct tm tm;
	gmtime_r(&seconds, &tm);
	size_t len = (size_t)snprintf(out, SU_TIME_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d",
		tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	if (fraction_ms != 0)
		snprintf(out + len, SU_TIME_TEXT_SIZE - len, ".%03" PRId64 "Z", fraction_ms);
	else
		snprintf(out + len, SU_TIME_TEXT_SIZE - len, "Z");
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Exactly n digits and the character after them; moves *at behind both. 0 as after: no character. */
static bool take_number(const char **at, int n, char after, int *out)
{
	int value = 0;
	for (int i = 0; i < n; i++) {
		if (!is_digit(**at))
			return false;
		value = value * 10 + (*(*at)++ - '0');
	}
	if (after && *(*at)++ != after)
		return false;
	*out = value;
	return true;
}

/* A fraction of a second, cut to milliseconds; *at stands on the '.'. */
static bool take_fraction_ms(const char **at, int64_t *ms_out)
{
	int64_t unit_ms = 100;
	int64_t ms = 0;
	(*at)++;
	if (!is_digit(**at))
		return false;
	for (; is_digit(**at); (*at)++) {
		ms += (**at - '0') * unit_ms;
		unit_ms /= 10;
	}
	*ms_out = ms;
	return true;
}

/* "Z" or "+hh:mm", to the end of the text. */
static bool take_zone(const char **at, int64_t *offset_ms_out)
{
	char sign = *(*at)++;
	if (sign == 'Z' || sign == 'z')
		return **at == '\0';
	int hours, minutes;
	if ((sign != '+' && sign != '-') || !take_number(at, 2, ':', &hours) ||
		!take_number(at, 2, 0, &minutes) || hours > 23 || minutes > 59)
		return false;
	int64_t offset_ms = hours * HOUR_MS + minutes * MINUTE_MS;
	*offset_ms_out = sign == '-' ? -offset_ms : offset_ms;
	return **at == '\0';
}

static bool take_date(const char **at, struct tm *tm)
{
	static const int month_days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year, month, day;
	if (!take_number(at, 4, '-', &year) || !take_number(at, 2, '-', &month) ||
		!take_number(at, 2, 0, &day) || month < 1 || month > 12 || day < 1)
		return false;
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	if (day > month_days[month - 1] + (leap && month == 2))
		return false;
	tm->tm_year = year - 1900;
	tm->tm_mon = month - 1;
	tm->tm_mday = day;
	return **at == 'T' || **at == 't';
}

static bool parse_time(const char *at, int64_t *wall_ms_out)
{
	struct tm tm = { 0 };
	int64_t fraction_ms = 0;
	int64_t offset_ms = 0;
	if (!take_date(&at, &tm))
		return false;
	at++;
	if (!take_number(&at, 2, ':', &tm.tm_hour) || !take_number(&at, 2, ':', &tm.tm_min) ||
		!take_number(&at, 2, 0, &tm.tm_sec))
		return false;
	/* No leap seconds: Unix time has none. */
	if (tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 59)
		return false;
	if (*at == '.' && !take_fraction_ms(&at, &fraction_ms))
		return false;
	if (!take_zone(&at, &offset_ms))
		return false;
	*wall_ms_out = (int64_t)timegm(&tm) * SECOND_MS + fraction_ms - offset_ms;
	return *wall_ms_out >= EARLIEST_MS && *wall_ms_out <= LATEST_MS;
}

enum su_status su_time_parse(const char *text, int64_t *wall_ms_out, struct su_error *err)
{
	int64_t wall_ms;
	if (!text || !parse_time(text, &wall_ms))
		return su_fail(
			err, SU_INVALID, "", "not a time of RFC 3339 such as 2026-11-21T09:00:00Z");
	*wall_ms_out = wall_ms;
	return SU_OK;
}

static const struct {
	char letter;
	bool of_time; /* stands behind the 'T' */
	int64_t ms;
} duration_units[] = {
	{ 'W', false, WEEK_MS },
	{ 'D', false, DAY_MS },
	{ 'H', true, HOUR_MS },
	{ 'M', true, MINUTE_MS },
	{ 'S', true, SECOND_MS },
};
#define N_DURATION_UNITS (sizeof(duration_units) / sizeof(duration_units[0]))

void su_duration_format(int64_t duration_ms, char out[SU_TIME_TEXT_SIZE])
{
	uint64_t rest_ms = duration_ms < 0 ? -(uint64_t)duration_ms : (uint64_t)duration_ms;
	size_t len = (size_t)snprintf(out, SU_TIME_TEXT_SIZE, "%sP", duration_ms < 0 ? "-" : "");
	bool in_time = false;
	for (size_t i = 1; i < N_DURATION_UNITS; i++) {
		uint64_t unit_ms = (uint64_t)duration_units[i].ms;
		uint64_t count = rest_ms / unit_ms;
		bool seconds = i == N_DURATION_UNITS - 1;
		uint64_t fraction_ms = seconds ? rest_ms % unit_ms : 0;
		rest_ms %= unit_ms;
		if (count == 0 && fraction_ms == 0 && !(seconds && duration_ms == 0))
			continue;
		if (duration_units[i].of_time && !in_time) {
			in_time = true;
			out[len++] = 'T';
		}
		len += (size_t)snprintf(out + len, SU_TIME_TEXT_SIZE - len, "%" PRIu64, count);
		if (fraction_ms != 0)
			len += (size_t)snprintf(
				out + len, SU_TIME_TEXT_SIZE - len, ".%03" PRIu64, fraction_ms);
		out[len++] = duration_units[i].letter;
		out[len] = '\0';
	}
}

/* One "<digits>[.<digits>]<letter>"; *unit is the first unit that may still come. */
static bool take_duration_part(const char **at, bool in_time, size_t *unit, int64_t *sum_ms)
{
	int64_t count = 0;
	int64_t fraction_ms = 0;
	if (!is_digit(**at))
		return false;
	for (; is_digit(**at); (*at)++)
		if (__builtin_mul_overflow(count, 10, &count) ||
			__builtin_add_overflow(count, **at - '0', &count))
			return false;
	bool has_fraction = **at == '.';
	if (has_fraction && !take_fraction_ms(at, &fraction_ms))
		return false;
	while (*unit < N_DURATION_UNITS &&
		(duration_units[*unit].letter != **at || duration_units[*unit].of_time != in_time))
		(*unit)++;
	if (*unit == N_DURATION_UNITS || (has_fraction && **at != 'S'))
		return false;
	int64_t part_ms;
	if (__builtin_mul_overflow(count, duration_units[*unit].ms, &part_ms) ||
		__builtin_add_overflow(part_ms, fraction_ms, &part_ms) ||
		__builtin_add_overflow(*sum_ms, part_ms, sum_ms))
		return false;
	(*at)++;
	(*unit)++;
	return true;
}

static bool parse_duration(const char *at, int64_t *duration_ms_out)
{
	int64_t sum_ms = 0;
	size_t unit = 0;
	bool in_time = false;
	if (*at++ != 'P' || *at == '\0')
		return false;
	while (*at != '\0') {
		if (*at == 'T' && !in_time) {
			in_time = true;
			at++;
		}
		if (!take_duration_part(&at, in_time, &unit, &sum_ms))
			return false;
	}
	*duration_ms_out = sum_ms;
	return true;
}

enum su_status su_duration_parse(const char *text, int64_t *duration_ms_out, struct su_error *err)
{
	int64_t duration_ms;
	if (!text || !parse_duration(text, &duration_ms))
		return su_fail(err, SU_INVALID, "",
			"not a duration of ISO 8601 in weeks, days, hours, minutes and seconds "
			"such as PT15M");
	*duration_ms_out = duration_ms;
	return SU_OK;
}
