/* SPDX-License-Identifier: Apache-2.0 */
/* suitctl release plan: how far a release is over the fleet, and what is still to come. */
#include <stdio.h>

#include "base/clock.h"
#include "tools/command_list.h"
#include "tools/show.h"
#include "tools/wording.h"

#define NAME_WIDTH 14
#define BAR_WIDTH  30

static void print_line(const char *name, const char *text)
{
	printf("%-*s %s\n", NAME_WIDTH, name, text);
}

static const char *count(
	struct su_arena *arena, const json_t *summary, const char *member, const char *of_what)
{
	return su_arena_printf(arena, "%" JSON_INTEGER_FORMAT "%s",
		json_integer_value(json_object_get(summary, member)), of_what);
}

static void print_summary(struct su_arena *arena, const json_t *summary)
{
	const int64_t now_ms = su_clock_wall_ms();
	if (json_is_true(json_object_get(summary, "being_planned")))
		print_line("planning", "is still on its way through the devices");
	print_line("deployments", count(arena, summary, "deployments", ""));
	print_line("in flight", count(arena, summary, "in_flight", ""));
	print_line("states", wording_counts(arena, json_object_get(summary, "states")));
	print_line("modes", wording_counts(arena, json_object_get(summary, "modes")));
	print_line("urgency", wording_counts(arena, json_object_get(summary, "urgency")));
	print_line("late", count(arena, summary, "late", " past the deadline of their class"));
	print_line("untimed",
		count(arena, summary, "untimed", " without an expected time of installation"));
	print_line("last deadline",
		wording_time(arena, json_object_get(summary, "last_deadline_at"), now_ms));
	print_line("last install",
		wording_time(arena, json_object_get(summary, "last_install_at"), now_ms));
	print_line("last change",
		wording_time(arena, json_object_get(summary, "last_change_at"), now_ms));
}

static json_int_t most_of(const json_t *spans)
{
	json_int_t most = 1;
	size_t i;
	json_t *span;
	json_array_foreach((json_t *)spans, i, span)
	{
		json_int_t downloads = json_integer_value(json_object_get(span, "downloads"));
		json_int_t installs = json_integer_value(json_object_get(span, "installs"));
		most = downloads > most ? downloads : most;
		most = installs > most ? installs : most;
	}
	return most;
}

static void print_bar(json_int_t n, json_int_t most, int width)
{
	static const char bar[] = "##############################";
	int length = n == 0 ? 0 : (int)(1 + (n - 1) * (BAR_WIDTH - 1) / most);
	printf("%8" JSON_INTEGER_FORMAT "  %-*.*s", n, width, length, bar);
}

static void print_spans(struct su_arena *arena, const json_t *spans)
{
	const json_int_t most = most_of(spans);
	size_t i;
	json_t *span;
	if (json_array_size(spans) == 0)
		return;
	printf("\n%-16s  %8s  %-*s%8s\n", "FROM (UTC)", "DOWNLOAD", BAR_WIDTH, "", "INSTALL");
	json_array_foreach((json_t *)spans, i, span)
	{
		printf("%-16s  ", wording_minute(arena, json_object_get(span, "from")));
		print_bar(json_integer_value(json_object_get(span, "downloads")), most, BAR_WIDTH);
		print_bar(json_integer_value(json_object_get(span, "installs")), most, 0);
		putchar('\n');
	}
}

static void print_devices(struct su_arena *arena, const json_t *items)
{
	static const struct show_column columns[] = {
		{ "DEVICE", "endpoint" },
		{ "STATE", "state" },
		{ "MODE", "mode" },
		{ "URGENCY", "urgency" },
		{ "DOWNLOAD", "plan.download_at" },
		{ "INSTALL", "plan.install_at" },
		{ "DEADLINE", "plan.due_at" },
		{ "NEXT LOOK", "plan.look_at" },
		{ "REASON", "why" },
		{ NULL, NULL },
	};
	size_t i;
	json_t *item;
	json_array_foreach((json_t *)items, i, item)
	{
		json_t *reasons = json_object_get(json_object_get(item, "plan"), "reasons");
		json_t *time = json_object_get(reasons, "time");
		json_t *ended = json_object_get(item, "reason");
		bool in_flight =
			json_is_string(json_object_get(json_object_get(item, "plan"), "look_at"));
		json_object_set(item, "why",
			json_is_string(ended) || !in_flight ? ended
							    : json_object_get(time, "because"));
	}
	if (json_array_size(items) == 0)
		return;
	putchar('\n');
	show_table(arena, items, columns);
}

static void print_plan(struct cli *cli, const json_t *plan, bool with_devices)
{
	print_line("release", json_string_value(json_object_get(plan, "release")));
	print_line("state", json_string_value(json_object_get(plan, "state")));
	print_summary(cli->arena, json_object_get(plan, "summary"));
	print_spans(cli->arena, json_object_get(json_object_get(plan, "summary"), "beginnings"));
	if (with_devices)
		print_devices(cli->arena, json_object_get(plan, "items"));
}

/* Without the devices: the first page of one of them has the sums. */
static enum su_status fetch_sums(
	struct cli *cli, const char *path, json_t **out, struct su_error *err)
{
	SU_TRY(show_get(cli, su_arena_printf(cli->arena, "%s?limit=1", path), out, err));
	json_object_del(*out, "items");
	json_object_del(*out, "next");
	return SU_OK;
}

static enum su_status plan(struct cli *cli, struct su_error *err)
{
	const char *state = cli_value(cli, "state");
	bool with_devices = cli_flag(cli, "devices") || state != NULL;
	const char *path = su_arena_printf(
		cli->arena, "/releases/%s/plan", api_segment(cli->arena, cli->arguments[0]));
	const char *in_state = su_arena_printf(cli->arena, "%s?state=%s", path,
		api_segment(cli->arena, state != NULL ? state : ""));
	json_t *reply = NULL;
	if (with_devices)
		SU_TRY(show_fetch(cli, state != NULL ? in_state : path, &reply, err));
	else
		SU_TRY(fetch_sums(cli, path, &reply, err));
	if (cli_flag(cli, "json"))
		show_object(cli, reply);
	else
		print_plan(cli, reply, with_devices);
	json_decref(reply);
	return SU_OK;
}

const struct cli_command cmd_release_plan = {
	.words = "release plan",
	.arguments = "RELEASE",
	.summary = "Show how far a release is over the fleet, and what is planned",
	.min_arguments = 1,
	.max_arguments = 1,
	.options = {
		{ "devices", NULL, "list its deployments too, each with its plan" },
		{ "state", "STATE", "list those in this state" },
		SHOW_JSON_OPTION,
		{ NULL, NULL, NULL },
	},
	.run = plan,
};
