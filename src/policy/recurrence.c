/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks rules part by part, since libical takes much that it then does not mean, and walks them with
 * libical's iterator in floating time; zones are laid over it here.
 */
#include "policy/recurrence.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <libical/ical.h>

#include "model/window.h"

#define DAY_S        86400
#define MAX_INTERVAL 1000

/* Numbers of a BY list, with the sign that RFC 5545 section 3.3.10 allows some. */
struct rule_part {
	const char *name;
	int low, high; /* of the absolute value */
	bool may_be_negative;
	bool fits_hourly;
};

static const struct rule_part number_parts[] = {
	{ "BYSECOND", 0, 59, false, true },
	{ "BYMINUTE", 0, 59, false, true },
	{ "BYHOUR", 0, 23, false, true },
	{ "BYMONTHDAY", 1, 31, true, false },
	{ "BYYEARDAY", 1, 366, true, false },
	{ "BYWEEKNO", 1, 53, true, false },
	{ "BYMONTH", 1, 12, false, false },
	{ "BYSETPOS", 1, 366, true, false },
	{ "COUNT", 1, RECURRENCE_MAX_COUNT, false, true },
	{ "INTERVAL", 1, MAX_INTERVAL, false, true },
};
static const char *const frequencies[] = { "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY" };
static const char *const weekdays[] = { "MO", "TU", "WE", "TH", "FR", "SA", "SU" };

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

static bool is_one_of(const char *text, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

static bool is_number(const char *text, const struct rule_part *part)
{
	if (*text == '+' || *text == '-') {
		if (!part->may_be_negative)
			return false;
		text++;
	}
	size_t len = strspn(text, "0123456789");
	if (len == 0 || len > 4 || text[len] != '\0')
		return false;
	int value = atoi(text);
	return value >= part->low && value <= part->high;
}

/* "SU", "-1SU", "2MO". */
static bool is_weekday(const char *text)
{
	static const struct rule_part ordinal = { "", 1, 53, true, false };
	size_t len = strlen(text);
	char number[8];
	if (len < 2 || len - 2 >= sizeof(number) ||
		!is_one_of(text + len - 2, weekdays, N_OF(weekdays)))
		return false;
	memcpy(number, text, len - 2);
	number[len - 2] = '\0';
	return len == 2 || is_number(number, &ordinal);
}

/* "20301231" or "20301231T235959", with or without Z. */
static bool is_until(const char *text)
{
	size_t days = strspn(text, "0123456789");
	if (days != 8)
		return false;
	if (text[8] == '\0')
		return true;
	if (text[8] != 'T' || strspn(text + 9, "0123456789") != 6)
		return false;
	return strcmp(text + 15, "") == 0 || strcmp(text + 15, "Z") == 0;
}

static bool list_fits(char *list, const struct rule_part *part)
{
	size_t len = strlen(list);
	if (len == 0 || list[0] == ',' || list[len - 1] == ',' || strstr(list, ",,") != NULL)
		return false;
	char *rest = NULL;
	for (char *item = strtok_r(list, ",", &rest); item; item = strtok_r(NULL, ",", &rest))
		if (part ? !is_number(item, part) : !is_weekday(item))
			return false;
	return true;
}

static const struct rule_part *find_part(const char *name)
{
	for (size_t i = 0; i < N_OF(number_parts); i++)
		if (strcmp(number_parts[i].name, name) == 0)
			return &number_parts[i];
	return NULL;
}

static bool value_fits(const char *name, char *value)
{
	const struct rule_part *part = find_part(name);
	if (strcmp(name, "FREQ") == 0)
		return is_one_of(value, frequencies, N_OF(frequencies));
	if (strcmp(name, "WKST") == 0)
		return is_one_of(value, weekdays, N_OF(weekdays));
	if (strcmp(name, "UNTIL") == 0)
		return is_until(value);
	if (strcmp(name, "COUNT") == 0 || strcmp(name, "INTERVAL") == 0)
		return is_number(value, part);
	return list_fits(value, part);
}

/* Which parts a rule has, to refuse what comes twice or does not go together. */
struct seen {
	size_t n;
	const char *names[16];
};

static bool has_part(const struct seen *seen, const char *name)
{
	return is_one_of(name, seen->names, seen->n);
}

static enum su_status check_part(char *part, struct seen *seen, struct su_error *err)
{
	char *value = strchr(part, '=');
	if (value == NULL)
		return su_fail(err, SU_INVALID, "rule", "'%.40s' is not NAME=VALUE", part);
	*value++ = '\0';
	if (find_part(part) == NULL && strcmp(part, "FREQ") != 0 && strcmp(part, "WKST") != 0 &&
		strcmp(part, "UNTIL") != 0 && strcmp(part, "BYDAY") != 0)
		return su_fail(err, SU_INVALID, "rule", "'%.40s' is not a part of a rule", part);
	if (has_part(seen, part))
		return su_fail(err, SU_INVALID, "rule", "%s stands twice", part);
	char shown[41];
	strncpy(shown, value, sizeof(shown) - 1);
	shown[sizeof(shown) - 1] = '\0';
	if (!value_fits(part, value))
		return su_fail(err, SU_INVALID, "rule", "%s cannot be '%s'", part, shown);
	if (strcmp(part, "FREQ") == 0 && strcmp(value, "HOURLY") == 0)
		seen->names[seen->n++] = "HOURLY";
	seen->names[seen->n++] = part;
	return SU_OK;
}

static enum su_status check_together(const struct seen *seen, struct su_error *err)
{
	if (!has_part(seen, "FREQ"))
		return su_fail(err, SU_INVALID, "rule", "FREQ is missing");
	if (has_part(seen, "COUNT") && has_part(seen, "UNTIL"))
		return su_fail(err, SU_INVALID, "rule", "COUNT and UNTIL exclude each other");
	for (size_t i = 0; has_part(seen, "HOURLY") && i < N_OF(number_parts); i++)
		if (!number_parts[i].fits_hourly && has_part(seen, number_parts[i].name))
			return su_fail(err, SU_INVALID, "rule",
				"%s does not go with FREQ=HOURLY: write FREQ=DAILY with BYHOUR",
				number_parts[i].name);
	return SU_OK;
}

static void silence_libical(void)
{
	icalerror_set_errors_are_fatal(0);
	icalerror_set_error_state(ICAL_MALFORMEDDATA_ERROR, ICAL_ERROR_NONFATAL);
}

static struct icalrecurrencetype parse(const char *rule)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, silence_libical);
	return icalrecurrencetype_from_string(rule);
}

enum su_status recurrence_check(const char *rule, struct su_error *err)
{
	char text[WINDOW_RULE_MAX_BYTES + 1];
	struct seen seen = { 0 };
	size_t len = strlen(rule);
	if (len == 0 || len >= sizeof(text))
		return su_fail(err, SU_INVALID, "rule", "must have 1 to %d characters",
			WINDOW_RULE_MAX_BYTES);
	memcpy(text, rule, len + 1);
	char *rest = NULL;
	for (char *part = strtok_r(text, ";", &rest); part; part = strtok_r(NULL, ";", &rest))
		SU_TRY(check_part(part, &seen, err));
	SU_TRY(check_together(&seen, err));
	struct icalrecurrencetype parsed = parse(rule);
	free(parsed.rscale);
	if (parsed.freq == ICAL_NO_RECURRENCE)
		return su_fail(err, SU_INVALID, "rule", "its parts do not go together");
	return SU_OK;
}

static struct icaltimetype to_ical(int64_t local_s)
{
	time_t seconds = (time_t)local_s;
	struct tm tm;
	gmtime_r(&seconds, &tm);
	struct icaltimetype out = icaltime_null_time();
	out.year = tm.tm_year + 1900;
	out.month = tm.tm_mon + 1;
	out.day = tm.tm_mday;
	out.hour = tm.tm_hour;
	out.minute = tm.tm_min;
	out.second = tm.tm_sec;
	return out;
}

static int64_t from_ical(struct icaltimetype at)
{
	struct tm tm = { .tm_year = at.year - 1900,
		.tm_mon = at.month - 1,
		.tm_mday = at.day,
		.tm_hour = at.hour,
		.tm_min = at.minute,
		.tm_sec = at.second };
	return (int64_t)timegm(&tm);
}

/* libical compares UNTIL with floating times as it stands. A date holds to the end of its day. */
static void settle_until(struct icalrecurrencetype *rule, const struct zone *zone)
{
	if (icaltime_is_null_time(rule->until))
		return;
	int64_t local_s = from_ical(rule->until);
	if (rule->until.is_date)
		local_s += DAY_S - 1;
	else if (icaltime_is_utc(rule->until))
		local_s = zone_to_local_s(zone, local_s);
	rule->until = to_ical(local_s);
}

/* Where to begin instead of begin_s, so that nothing but what lies before near_s is left out. */
static int64_t skip_ahead_s(const struct icalrecurrencetype *rule, int64_t begin_s, int64_t near_s)
{
	/* libical loses the pace of hourly rules when it skips; DTSTART itself can be moved. */
	int64_t pace_s = (int64_t)rule->interval * 3600;
	if (rule->freq != ICAL_HOURLY_RECURRENCE || rule->count != 0 || near_s <= begin_s)
		return begin_s;
	return begin_s + (near_s - begin_s) / pace_s * pace_s;
}

static icalrecur_iterator *walk_from(
	struct icalrecurrencetype *rule, int64_t begin_s, int64_t near_s)
{
	begin_s = skip_ahead_s(rule, begin_s, near_s);
	icalrecur_iterator *walk = icalrecur_iterator_new(*rule, to_ical(begin_s));
	if (walk != NULL && near_s > begin_s && rule->count == 0 &&
		rule->freq != ICAL_HOURLY_RECURRENCE)
		icalrecur_iterator_set_start(walk, to_ical(near_s));
	return walk;
}

bool recurrence_next(const struct recurrence *recurrence, int64_t after_s, int64_t *at_s_out)
{
	int64_t begin_s = zone_to_local_s(recurrence->zone, recurrence->from_s);
	/* A day earlier, since the clock may go backward in between. */
	int64_t near_s = zone_to_local_s(recurrence->zone, after_s) - DAY_S;
	struct icalrecurrencetype rule = parse(recurrence->rule);
	settle_until(&rule, recurrence->zone);
	icalrecur_iterator *walk = walk_from(&rule, begin_s, near_s);
	bool found = false;
	while (walk != NULL && !found) {
		struct icaltimetype at = icalrecur_iterator_next(walk);
		if (icaltime_is_null_time(at))
			break;
		*at_s_out = zone_to_utc_s(recurrence->zone, from_ical(at));
		found = *at_s_out >= after_s;
	}
	if (walk != NULL)
		icalrecur_iterator_free(walk);
	free(rule.rscale);
	return found;
}
