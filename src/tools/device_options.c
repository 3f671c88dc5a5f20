/* SPDX-License-Identifier: Apache-2.0 */
/* Words of the command line into plain values. */
#include "tools/device_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define MAX_NUMBER INT64_C(4294967295)

static const struct name_row day_names[] = {
	{ 1 << 0, "mon" },
	{ 1 << 1, "tue" },
	{ 1 << 2, "wed" },
	{ 1 << 3, "thu" },
	{ 1 << 4, "fri" },
	{ 1 << 5, "sat" },
	{ 1 << 6, "sun" },
	{ WINDOW_EVERY_DAY, "daily" },
	{ 0, NULL },
};

static enum su_status parse_number(const char *option, const char *text, int64_t minimum,
	int64_t maximum, int64_t *out, struct su_error *err)
{
	char *end;
	long long value = strtoll(text, &end, 10);
	if (*text == '\0' || *end != '\0' || value < minimum || value > maximum)
		return su_fail(err, SU_INVALID, option, "must be a number from %lld to %lld",
			(long long)minimum, (long long)maximum);
	*out = value;
	return SU_OK;
}

enum su_status device_options_read_number(const struct cli *cli, const char *option,
	int64_t minimum, int64_t maximum, int64_t *inout, struct su_error *err)
{
	const char *text = cli_value(cli, option);
	return text == NULL ? SU_OK : parse_number(option, text, minimum, maximum, inout, err);
}

static enum su_status parse_days(const char *text, unsigned *days_out, struct su_error *err)
{
	char list[64], *rest = NULL;
	if (strlen(text) >= sizeof(list))
		return su_fail(err, SU_INVALID, "days", "are too many");
	strcpy(list, text);
	*days_out = 0;
	for (char *word = strtok_r(list, ",", &rest); word != NULL;
		word = strtok_r(NULL, ",", &rest)) {
		int day = 0;
		SU_TRY(name_parse(day_names, "day", word, &day, err));
		*days_out |= (unsigned)day;
	}
	return SU_OK;
}

enum su_status device_options_parse_window(
	const char *text, enum window_meaning meaning, struct window *out, struct su_error *err)
{
	char days[64], duration[32], rest;
	unsigned hour = 0, minute = 0;
	int64_t duration_ms = 0;
	*out = (struct window){ .meaning = meaning, .form = WINDOW_WEEKLY };
	if (sscanf(text, "%63s %2u:%2u %31s %c", days, &hour, &minute, duration, &rest) != 4)
		return su_fail(err, SU_INVALID, name_of(window_meaning_names, (int)meaning),
			"must read like \"mon,tue 02:00 PT2H\"");
	if (hour > 23 || minute > 59)
		return su_fail(err, SU_INVALID, name_of(window_meaning_names, (int)meaning),
			"begins at no time of the day");
	SU_TRY(parse_days(days, &out->days, err));
	SU_TRY(su_duration_parse(duration, &duration_ms, err));
	if (duration_ms < 60000 || duration_ms % 60000 != 0 ||
		duration_ms / 60000 > WINDOW_MAX_DURATION_MIN)
		return su_fail(err, SU_INVALID, name_of(window_meaning_names, (int)meaning),
			"must last whole minutes, a week at most");
	out->start_minute = hour * 60 + minute;
	out->duration_min = (unsigned)(duration_ms / 60000);
	return SU_OK;
}

enum su_status device_options_parse_answer(
	const char *text, struct device_script *out, struct su_error *err)
{
	static const struct name_row words[] = {
		{ SAYS_NOW, "now" },
		{ SAYS_NO, "no" },
		{ SAYS_NOTHING, "silent" },
		{ SAYS_NONSENSE, "nonsense" },
		{ 0, NULL },
	};
	int says = 0;
	if (strncmp(text, "at:", 3) == 0) {
		out->says = SAYS_AT;
		return parse_number("answer", text + 3, 0, MAX_NUMBER, &out->after_s, err);
	}
	if (strncmp(text, "no:", 3) == 0) {
		out->says = SAYS_NO;
		out->reason = text + 3;
		if (*out->reason == '\0' || strlen(out->reason) > 200)
			return su_fail(err, SU_INVALID, "answer", "a reason has 1 to 200 bytes");
		return SU_OK;
	}
	if (name_parse(words, "answer", text, &says, err) != SU_OK)
		return su_fail(err, SU_INVALID, "answer",
			"must be now, at:SECONDS, no, no:REASON, silent or nonsense");
	out->says = (enum device_says)says;
	return SU_OK;
}

static void read_flag(const struct cli *cli, const char *option, bool *has, bool *value)
{
	if (cli_flag(cli, option))
		*has = *value = true;
}

enum su_status device_options_read_profile(
	const struct cli *cli, struct profile *out, struct su_error *err)
{
	const char *word = cli_value(cli, "reachability");
	int reachability = 0;
	int64_t rate = 0;
	if (word != NULL) {
		SU_TRY(name_parse(reachability_names, "reachability", word, &reachability, err));
		out->has_reachability = true;
		out->reachability = (enum reachability)reachability;
	}
	read_flag(cli, "always-on", &out->has_always_on, &out->always_on);
	read_flag(cli, "behind-nat", &out->has_behind_nat, &out->behind_nat);
	read_flag(cli, "answers", &out->has_answers, &out->answers);
	read_flag(cli, "push", &out->has_takes_push, &out->takes_push);
	out->has_awake = out->has_awake || cli_flag(cli, "awake");
	out->has_wake_every = out->has_wake_every || cli_flag(cli, "wake-every");
	out->has_link_rate = out->has_link_rate || cli_flag(cli, "link-rate");
	out->has_install = out->has_install || cli_flag(cli, "install-time");
	SU_TRY(device_options_read_number(cli, "awake", 1, 86400, &out->awake_s, err));
	SU_TRY(device_options_read_number(cli, "wake-every", 1, 31536000, &out->wake_every_s, err));
	SU_TRY(device_options_read_number(cli, "install-time", 0, 86400, &out->install_s, err));
	SU_TRY(device_options_read_number(cli, "link-rate", 1, MAX_NUMBER, &rate, err));
	if (rate > 0)
		out->link_bytes_per_s = (uint64_t)rate;
	return SU_OK;
}

static enum su_status add_window(
	struct calendar *calendar, const struct window *window, struct su_error *err)
{
	if (calendar->n_windows == DEVICE_MAX_WINDOWS)
		return su_fail(err, SU_INVALID, "", "more than %d windows", DEVICE_MAX_WINDOWS);
	calendar->windows[calendar->n_windows++] = *window;
	return SU_OK;
}

static enum su_status add_until(const struct cli *cli, const char *option,
	enum window_meaning meaning, struct calendar *calendar, struct su_error *err)
{
	const char *text = cli_value(cli, option);
	struct window window = { .meaning = meaning, .form = WINDOW_INTERVAL };
	if (text == NULL)
		return SU_OK;
	if (su_time_parse(text, &window.until_ms, err) != SU_OK || window.until_ms <= 0)
		return su_fail(err, SU_INVALID, option, "must be a time like 2030-01-01T02:00:00Z");
	return add_window(calendar, &window, err);
}

enum su_status device_options_read_calendar(
	const struct cli *cli, const struct calendar **calendar_out, struct su_error *err)
{
	struct calendar *calendar = su_arena_new_of(cli->arena, struct calendar);
	calendar->time_zone = cli_value(cli, "time-zone");
	for (int meaning = WINDOW_IDLE; meaning <= WINDOW_REACHABLE; meaning++) {
		const char *option = name_of(window_meaning_names, meaning), *text;
		for (size_t n = 0; (text = cli_nth(cli, option, n)) != NULL; n++) {
			struct window window;
			SU_TRY(device_options_parse_window(
				text, (enum window_meaning)meaning, &window, err));
			SU_TRY(add_window(calendar, &window, err));
		}
	}
	SU_TRY(add_until(cli, "idle-until", WINDOW_IDLE, calendar, err));
	SU_TRY(add_until(cli, "busy-until", WINDOW_BUSY, calendar, err));
	if (calendar->time_zone != NULL && strlen(calendar->time_zone) > TIME_ZONE_MAX_BYTES)
		return su_fail(err, SU_INVALID, "time-zone", "is too long");
	*calendar_out = calendar->n_windows > 0 || calendar->time_zone != NULL ? calendar : NULL;
	return SU_OK;
}
