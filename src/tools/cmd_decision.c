/* SPDX-License-Identifier: Apache-2.0 */
/* suitctl device decision: why a device is treated as it is. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tools/command_list.h"
#include "tools/show.h"
#include "tools/wording.h"

#define NAME_WIDTH 12

/* What is said, and how. */
struct page {
	struct su_arena *arena;
	int64_t now_ms;
	const json_t *decision, *ahead; /* ahead NULL: there is nothing to plan */
};

static void print_line(const char *name, const char *text)
{
	printf("%-*s %s\n", NAME_WIDTH, name, text);
}

static const char *text_of(const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));
	return text ? text : "-";
}

static json_int_t count_of(const json_t *object, const char *member)
{
	return json_integer_value(json_object_get(object, member));
}

static bool is_given(const json_t *object, const char *member)
{
	const json_t *value = json_object_get(object, member);
	return value && !json_is_null(value);
}

static const char *time_of(const struct page *page, const json_t *object, const char *member)
{
	return wording_time(page->arena, json_object_get(object, member), page->now_ms);
}

static const char *span_of(const struct page *page, const json_t *object, const char *member)
{
	return wording_duration(page->arena, json_string_value(json_object_get(object, member)));
}

static const char *reason_of(const struct page *page, const json_t *choice)
{
	if (!is_given(choice, "because"))
		return is_given(choice, "rule") ? text_of(choice, "rule") : "-";
	return su_arena_printf(
		page->arena, "%s: %s", text_of(choice, "rule"), text_of(choice, "because"));
}

static void print_choice(const struct page *page, const char *name, const json_t *choice)
{
	print_line(name, su_arena_printf(page->arena, "%s (%s)", text_of(choice, name),
				 reason_of(page, choice)));
}

static void print_window(const struct page *page, const json_t *windows, const char *meaning)
{
	const json_t *window = json_object_get(windows, meaning);
	if (!json_is_object(window))
		return;
	const char *until = wording_minute(page->arena, json_object_get(window, "until"));
	print_line("", su_arena_printf(page->arena, "%s from %s until %s", meaning,
			       time_of(page, window, "from"), until));
}

static void print_windows(const struct page *page)
{
	const json_t *windows = json_object_get(page->decision, "windows");
	print_line("windows",
		is_given(windows, "calendar") ? reason_of(page, windows) : "none are known");
	print_window(page, windows, "idle");
	print_window(page, windows, "busy");
	print_window(page, windows, "reachable");
}

static const char *step_in_words(const json_t *step)
{
	static const struct {
		const char *step, *words;
	} table[] = {
		{ "let_poll", "the next poll" },
		{ "watch", "by the device itself" },
		{ "expire", "give up" },
	};
	const char *name = text_of(step, "step");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (!strcmp(table[i].step, name))
			return table[i].words;
	return name;
}

static void print_step(const struct page *page, const char *name, const json_t *step)
{
	const char *text = su_arena_printf(page->arena, "%s, %s", step_in_words(step),
		is_given(step, "from") ? time_of(page, step, "from") : "at its own time");
	if (is_given(step, "until"))
		text = su_arena_printf(page->arena, "%s; until %s UTC", text,
			wording_minute(page->arena, json_object_get(step, "until")));
	if (json_is_true(json_object_get(step, "when_reached")))
		text = su_arena_printf(
			page->arena, "%s, as soon as the device is in reach then", text);
	print_line(name, text);
	if (is_given(step, "because"))
		print_line("", text_of(step, "because"));
	if (json_is_true(json_object_get(step, "interrupts")))
		print_line("", "it takes service away");
}

static void print_times(const struct page *page)
{
	const json_t *ahead = page->ahead;
	print_step(page, "next step", json_object_get(ahead, "next"));
	print_line("download",
		su_arena_printf(page->arena, "%s; takes %s", time_of(page, ahead, "download_at"),
			span_of(page, ahead, "transfer")));
	print_step(page, "installation", json_object_get(ahead, "installation"));
	print_line("", su_arena_printf(page->arena, "takes %s", span_of(page, ahead, "install")));
	print_line("deadline", time_of(page, ahead, "deadline_at"));
	if (is_given(ahead, "latest_start_at"))
		print_line("", su_arena_printf(page->arena, "the download has to begin by %s UTC",
				       wording_minute(page->arena,
					       json_object_get(ahead, "latest_start_at"))));
}

static void print_escalation(const struct page *page)
{
	const json_t *escalation = json_object_get(page->ahead, "escalation");
	const json_t *next = json_object_get(page->ahead, "next");
	const char *now = json_is_true(json_object_get(escalation, "escalated"))
				  ? su_arena_printf(page->arena, "to %s now", text_of(next, "mode"))
				  : "not yet";
	if (is_given(escalation, "to"))
		now = su_arena_printf(page->arena, "%s; to %s at %s", now,
			text_of(escalation, "to"), time_of(page, escalation, "at"));
	print_line("escalation", now);
	if (is_given(escalation, "interrupts_from"))
		print_line("",
			su_arena_printf(page->arena, "may be interrupted from %s; told before: %s",
				time_of(page, escalation, "interrupts_from"),
				span_of(page, escalation, "notice")));
	else
		print_line("", "is never interrupted");
}

static void print_tries(const struct page *page)
{
	const json_t *deferrals = json_object_get(page->ahead, "deferrals");
	const json_t *tries = json_object_get(page->ahead, "tries");
	print_line("deferrals", su_arena_printf(page->arena,
					"%" JSON_INTEGER_FORMAT " used, %" JSON_INTEGER_FORMAT
					" left, each at most %s",
					count_of(deferrals, "used"), count_of(deferrals, "left"),
					span_of(page, deferrals, "longest")));
	if (is_given(deferrals, "promised_at"))
		print_line("", su_arena_printf(page->arena, "agreed: not before %s",
				       time_of(page, deferrals, "promised_at")));
	print_line("tries", su_arena_printf(page->arena,
				    "%" JSON_INTEGER_FORMAT " failed, %" JSON_INTEGER_FORMAT
				    " left, %" JSON_INTEGER_FORMAT " commands without an answer",
				    count_of(tries, "failed"), count_of(tries, "left"),
				    count_of(tries, "unanswered")));
	if (is_given(tries, "noticed_at"))
		print_line("", su_arena_printf(page->arena, "told of the interruption at %s",
				       time_of(page, tries, "noticed_at")));
	print_line("next look", time_of(page, page->ahead, "look_at"));
}

static void print_state(const struct page *page)
{
	const json_t *deployment = json_object_get(page->decision, "deployment");
	const char *state = json_is_object(deployment)
				    ? su_arena_printf(page->arena, "%s, in flight since %s",
					      text_of(deployment, "state"),
					      time_of(page, deployment, "created_at"))
				    : "nothing in flight";
	print_line("state", state);
	print_line("", text_of(page->decision, "because"));
}

static void print_ahead(const struct page *page)
{
	if (!json_is_object(page->ahead))
		return;
	print_line("release", text_of(page->ahead, "release"));
	print_choice(page, "urgency", json_object_get(page->ahead, "urgency"));
	print_times(page);
	print_escalation(page);
	print_tries(page);
}

static void print_list(const struct page *page, const char *member, const char *heading,
	const struct show_column *columns)
{
	const json_t *list = json_object_get(page->decision, member);
	if (json_array_size(list) == 0)
		return;
	printf("\n%s\n", heading);
	show_table(page->arena, list, columns);
}

static void print_decision(const struct page *page)
{
	static const struct show_column steps[] = { { "AT", "at" }, { "EVENT", "event" },
		{ "FROM", "from" }, { "TO", "to" }, { "ACTOR", "actor" }, { "DETAIL", "detail" },
		{ NULL, NULL } };
	static const struct show_column candidates[] = { { "RELEASE", "release" },
		{ "SEQUENCE", "sequence_number" }, { "VERSION", "version" }, { "CHOSEN", "chosen" },
		{ "WHY NOT", "reason" }, { NULL, NULL } };
	print_line("device", text_of(page->decision, "endpoint"));
	print_choice(page, "mode", json_object_get(page->decision, "mode"));
	print_windows(page);
	print_state(page);
	print_ahead(page);
	print_list(page, "history", "What was tried, the newest first:", steps);
	print_list(page, "candidates", "The releases for it:", candidates);
}

static enum su_status decision(struct cli *cli, struct su_error *err)
{
	json_t *reply = NULL;
	SU_TRY(show_get(cli,
		su_arena_printf(cli->arena, "/devices/%s/decision",
			api_segment(cli->arena, cli->arguments[0])),
		&reply, err));
	const struct page page = { cli->arena, su_clock_wall_ms(), reply,
		json_object_get(reply, "ahead") };
	if (cli_flag(cli, "json"))
		show_object(cli, reply);
	else
		print_decision(&page);
	json_decref(reply);
	return SU_OK;
}

const struct cli_command cmd_device_decision = {
	.words = "device decision",
	.arguments = "ENDPOINT",
	.summary = "Show which release a device gets, how, when, and why",
	.min_arguments = 1,
	.max_arguments = 1,
	.options = { SHOW_JSON_OPTION, { NULL, NULL, NULL } },
	.run = decision,
};
