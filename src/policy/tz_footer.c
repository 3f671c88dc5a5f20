/* SPDX-License-Identifier: Apache-2.0 */
/* Lays out the yearly changes that a footer such as "CET-1CEST,M3.5.0,M10.5.0/3" describes. */
#include "policy/tz_footer.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#define FOOTER_MAX_BYTES 64

/* "M3.5.0/2": month, week (5: the last), weekday (0 Sunday), local time. */
struct change {
	long month, week, weekday;
	int64_t time_s;
};

struct footer {
	int64_t standard_s, summer_s; /* east of UTC */
	struct change to_summer, to_standard;
};

static bool take_char(const char **at, char wanted)
{
	if (**at != wanted)
		return false;
	(*at)++;
	return true;
}

static bool take_number(const char **at, long max, long *out)
{
	if (!isdigit((unsigned char)**at))
		return false;
	for (*out = 0; isdigit((unsigned char)**at) && *out <= max; (*at)++)
		*out = *out * 10 + (**at - '0');
	return *out <= max;
}

/* "CET" or "<+0330>". */
static bool take_name(const char **at)
{
	const char *began = *at;
	if (take_char(at, '<')) {
		*at += strcspn(*at, ">");
		return take_char(at, '>');
	}
	while (isalpha((unsigned char)**at))
		(*at)++;
	return *at > began;
}

/* "-3:30", "+2", "167:59:59". */
static bool take_time(const char **at, int64_t *out)
{
	long hours, minutes = 0, seconds = 0;
	bool negative = take_char(at, '-');
	if (!negative)
		take_char(at, '+');
	if (!take_number(at, 167, &hours) || (take_char(at, ':') && !take_number(at, 59, &minutes)))
		return false;
	if (take_char(at, ':') && !take_number(at, 59, &seconds))
		return false;
	*out = (hours * 60 + minutes) * 60 + seconds;
	if (negative)
		*out = -*out;
	return true;
}

static bool take_change(const char **at, struct change *out)
{
	out->time_s = 2 * 3600;
	return take_char(at, ',') && take_char(at, 'M') && take_number(at, 12, &out->month) &&
	       out->month >= 1 && take_char(at, '.') && take_number(at, 5, &out->week) &&
	       out->week >= 1 && take_char(at, '.') && take_number(at, 6, &out->weekday) &&
	       (!take_char(at, '/') || take_time(at, &out->time_s));
}

static bool parse(const char *at, struct footer *out)
{
	if (!take_name(&at) || !take_time(&at, &out->standard_s) || !take_name(&at))
		return false;
	out->standard_s = -out->standard_s; /* POSIX counts westward */
	out->summer_s = out->standard_s + 3600;
	if (*at != ',') {
		if (!take_time(&at, &out->summer_s))
			return false;
		out->summer_s = -out->summer_s;
	}
	return take_change(&at, &out->to_summer) && take_change(&at, &out->to_standard) &&
	       *at == '\0';
}

/* Days since 1970-01-01; month 13 is the next January. */
static int64_t first_day(int year, int month)
{
	struct tm tm = { .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = 1 };
	return (int64_t)timegm(&tm) / 86400;
}

static int64_t change_in_year(const struct change *change, int year, int64_t offset_before_s)
{
	int64_t first = first_day(year, (int)change->month);
	int64_t next = first_day(year, (int)change->month + 1);
	/* 1970-01-01, day 0, was a Thursday. */
	int64_t day =
		first + ((change->weekday - (first + 4)) % 7 + 7) % 7 + (change->week - 1) * 7;
	while (day >= next)
		day -= 7;
	return day * 86400 + change->time_s - offset_before_s;
}

static void append(struct tz_eras *out, int64_t after_s, struct tz_era era)
{
	if (era.from_s > after_s && era.from_s > out->eras[out->n - 1].from_s &&
		era.offset_s != out->eras[out->n - 1].offset_s)
		out->eras[out->n++] = era;
}

static void lay_out(const struct footer *footer, int64_t table_ends_s, struct tz_eras *out)
{
	for (int year = 1970; year <= TZ_FOOTER_LAST_YEAR; year++) {
		struct tz_era summer = { change_in_year(
						 &footer->to_summer, year, footer->standard_s),
			(int32_t)footer->summer_s };
		struct tz_era standard = { change_in_year(
						   &footer->to_standard, year, footer->summer_s),
			(int32_t)footer->standard_s };
		bool summer_first = summer.from_s < standard.from_s;
		append(out, table_ends_s, summer_first ? summer : standard);
		append(out, table_ends_s, summer_first ? standard : summer);
	}
}

void tz_footer_extend(struct su_span footer, int64_t table_ends_s, struct tz_eras *out)
{
	char text[FOOTER_MAX_BYTES];
	struct footer parsed;
	if (footer.len < 2 || footer.data[0] != '\n')
		return;
	const uint8_t *end = memchr(footer.data + 1, '\n', footer.len - 1);
	size_t len = end != NULL ? (size_t)(end - footer.data) - 1 : sizeof(text);
	if (len >= sizeof(text))
		return;
	memcpy(text, footer.data + 1, len);
	text[len] = '\0';
	if (parse(text, &parsed))
		lay_out(&parsed, table_ends_s, out);
}
