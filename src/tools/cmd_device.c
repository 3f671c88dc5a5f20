/* SPDX-License-Identifier: Apache-2.0 */
/* suitctl device: the fleet, device by device. */
#include "tools/command_list.h"
#include "tools/show.h"

static const char *device_path(struct cli *cli, const char *rest)
{
	return su_arena_printf(
		cli->arena, "/devices/%s%s", api_segment(cli->arena, cli->arguments[0]), rest);
}

static enum su_status list(struct cli *cli, struct su_error *err)
{
	static const struct show_column columns[] = {
		{ "DEVICE", "endpoint" },
		{ "LIVE", "live" },
		{ "TRANSPORT", "transport" },
		{ "MODEL", "model" },
		{ "MODE", "mode" },
		{ "DEPLOYMENT", "deployment.state" },
		{ "DRIVEN", "deployment.mode" },
		{ "URGENCY", "deployment.urgency" },
		{ "DOWNLOAD", "deployment.plan.download_at" },
		{ "INSTALL", "deployment.plan.install_at" },
		{ "LAST SEEN", "last_seen_at" },
		{ NULL, NULL },
	};
	const char *filter = cli_value(cli, "filter");
	if (filter == NULL)
		return show_list(cli, "/devices", columns, err);
	const char *path =
		su_arena_printf(cli->arena, "/devices?filter=%s", api_segment(cli->arena, filter));
	return show_list(cli, path, columns, err);
}

static enum su_status show(struct cli *cli, struct su_error *err)
{
	return show_call(cli, "GET", device_path(cli, ""), NULL, err);
}

static enum su_status history(struct cli *cli, struct su_error *err)
{
	static const struct show_column columns[] = {
		{ "AT", "at" },
		{ "FROM", "from" },
		{ "TO", "to" },
		{ "EVENT", "event" },
		{ "ACTOR", "actor" },
		{ "DETAIL", "detail" },
		{ NULL, NULL },
	};
	return show_list(cli, device_path(cli, "/history"), columns, err);
}

static enum su_status deploy(struct cli *cli, struct su_error *err)
{
	json_t *body = json_pack("{s:s}", "release", cli->arguments[1]);
	return show_call(cli, "POST", device_path(cli, "/deployments"), body, err);
}

static enum su_status credentials(struct cli *cli, struct su_error *err)
{
	if (cli_flag(cli, "delete"))
		return show_call(cli, "DELETE", device_path(cli, "/credentials"), NULL, err);
	const char *psk = cli_value(cli, "psk");
	json_t *body = json_object();
	if (psk != NULL)
		json_object_set_new(body, "psk", json_string(psk));
	if (cli_flag(cli, "token"))
		json_object_set_new(body, "token", json_true());
	return show_call(cli, "PUT", device_path(cli, "/credentials"), body, err);
}

const struct cli_command cmd_device_list = {
	.words = "device list",
	.arguments = "",
	.summary = "List the devices and what they are doing",
	.options = { { "filter", "EXPRESSION", "only those for which this is true" },
		SHOW_JSON_OPTION, { NULL, NULL, NULL } },
	.run = list,
};

const struct cli_command cmd_device_show = {
	.words = "device show",
	.arguments = "ENDPOINT",
	.summary = "Show what is known of a device",
	.min_arguments = 1,
	.max_arguments = 1,
	.options = { SHOW_JSON_OPTION, { NULL, NULL, NULL } },
	.run = show,
};

const struct cli_command cmd_device_history = {
	.words = "device history",
	.arguments = "ENDPOINT",
	.summary = "Show every step of a device's deployments, newest first",
	.min_arguments = 1,
	.max_arguments = 1,
	.options = { SHOW_JSON_OPTION, { NULL, NULL, NULL } },
	.run = history,
};

const struct cli_command cmd_device_deploy = {
	.words = "device deploy",
	.arguments = "ENDPOINT RELEASE",
	.summary = "Name a release for one device",
	.min_arguments = 2,
	.max_arguments = 2,
	.options = { SHOW_JSON_OPTION, { NULL, NULL, NULL } },
	.run = deploy,
};

const struct cli_command cmd_device_credentials = {
	.words = "device credentials",
	.arguments = "ENDPOINT",
	.summary = "Give a device a pre-shared key or a bearer token; it may not exist yet",
	.min_arguments = 1,
	.max_arguments = 1,
	.options = {
		{ "psk", "HEX", "DTLS pre-shared key of 16 to 64 bytes; the identity is the endpoint" },
		{ "token", NULL, "make an HTTP bearer token; it is shown once" },
		{ "delete", NULL, "take all credentials away" },
		SHOW_JSON_OPTION,
		{ NULL, NULL, NULL },
	},
	.run = credentials,
};
