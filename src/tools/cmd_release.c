/* SPDX-License-Identifier: Apache-2.0 */
/* suitctl release: what was published, and whether it may be offered. */
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

static enum su_status approve(struct cli *cli, struct su_error *err)
{
	return show_call(cli, "POST", release_path(cli, "/approve"), NULL, err);
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
	.summary = "Let a verified release be offered to the devices that it fits",
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
