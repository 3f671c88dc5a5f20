/* SPDX-License-Identifier: Apache-2.0 */
/* suitctl release: what was published, and whether it may be offered. */
#include <stdio.h>

#include "base/memory.h"
#include "tools/command_list.h"
#include "tools/show.h"

static enum su_status list(struct cli *cli, struct su_error *err)
{
	static const struct show_column columns[] = {
		{ "RELEASE", "digest" },
		{ "SEQUENCE", "sequence_number" },
		{ "VERSION", "version" },
		{ "STATE", "state" },
		{ "KIND", "kind" },
		{ "PUBLISHED", "published_at" },
		{ "BY", "published_by" },
		{ "WAITS FOR", "approvals.missing" },
		{ NULL, NULL },
	};
	return show_list(cli, "/releases", columns, err);
}

static const char *release_path(struct cli *cli, const char *action)
{
	return su_arena_printf(
		cli->arena, "/releases/%s%s", api_segment(cli->arena, cli->arguments[0]), action);
}

static enum su_status show(struct cli *cli, struct su_error *err)
{
	return show_call(cli, "GET", release_path(cli, ""), NULL, err);
}

/* Who has to approve, too, before it is offered. */
static void print_missing(const json_t *release)
{
	const json_t *approvals = json_object_get(release, "approvals");
	const json_t *missing = json_object_get(approvals, "missing");
	const char *rule = json_string_value(json_object_get(approvals, "rule"));
	size_t i;
	json_t *role;
	json_array_foreach((json_t *)missing, i, role)
		printf("%s%s", i == 0 ? "Not offered yet. It waits for the approval of: " : ", ",
			json_string_value(role));
	if (json_array_size(missing) > 0)
		printf(" (rule \"%s\" of the policy)\n", rule ? rule : "default");
}

static enum su_status approve(struct cli *cli, struct su_error *err)
{
	struct api_client *client su_auto(api_client_free) = NULL;
	json_t *release = NULL;
	SU_TRY(api_client_new(cli, &client, err));
	SU_TRY(api_call(client, "POST", release_path(cli, "/approve"), NULL, &release, err));
	show_object(cli, release);
	if (!cli_flag(cli, "json"))
		print_missing(release);
	json_decref(release);
	return SU_OK;
}

static enum su_status withdraw(struct cli *cli, struct su_error *err)
{
	return show_call(cli, "POST", release_path(cli, "/withdraw"), NULL, err);
}

const struct cli_command cmd_release_list = {
	.words = "release list",
	.arguments = "",
	.summary = "List the releases, newest first",
	.options = { SHOW_JSON_OPTION, { NULL, NULL, NULL } },
	.run = list,
};

const struct cli_command cmd_release_show = {
	.words = "release show",
	.arguments = "RELEASE",
	.summary = "Show one release: its images, its state, who published and approved it",
	.min_arguments = 1,
	.max_arguments = 1,
	.options = { SHOW_JSON_OPTION, { NULL, NULL, NULL } },
	.run = show,
};

const struct cli_command cmd_release_approve = {
	.words = "release approve",
	.arguments = "RELEASE",
	.summary =
		"Approve a verified release; when all have whom the policy asks for, it is offered",
	.min_arguments = 1,
	.max_arguments = 1,
	.options = { SHOW_JSON_OPTION, { NULL, NULL, NULL } },
	.run = approve,
};

const struct cli_command cmd_release_withdraw = {
	.words = "release withdraw",
	.arguments = "RELEASE",
	.summary = "Stop offering a release, for good",
	.min_arguments = 1,
	.max_arguments = 1,
	.options = { SHOW_JSON_OPTION, { NULL, NULL, NULL } },
	.run = withdraw,
};
