/* SPDX-License-Identifier: Apache-2.0 */
/* suitctl device provision: what is laid down for a device, above what it tells of itself. */
#include <stdio.h>

#include "base/memory.h"
#include "tools/api_client.h"
#include "tools/command_list.h"
#include "tools/show.h"
#include "tools/whole_file.h"

#define PROVISION_MAX_BYTES 65536

static const char *provision_path(struct cli *cli)
{
	return su_arena_printf(
		cli->arena, "/devices/%s/provision", api_segment(cli->arena, cli->arguments[0]));
}

/* As "put" takes it, so that it can be changed and put again. */
static enum su_status show(struct cli *cli, struct su_error *err)
{
	if (cli_flag(cli, "json"))
		return show_call(cli, "GET", provision_path(cli), NULL, err);
	struct api_client *client su_auto(api_client_free) = NULL;
	json_t *reply = NULL;
	SU_TRY(api_client_new(cli, &client, err));
	SU_TRY(api_call(client, "GET", provision_path(cli), NULL, &reply, err));
	json_dumpf(json_object_get(reply, "provision"), stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(reply);
	return SU_OK;
}

static enum su_status put(struct cli *cli, struct su_error *err)
{
	struct su_span text;
	json_error_t fault;
	SU_TRY(whole_file_read(cli->arena, cli->arguments[1], PROVISION_MAX_BYTES, &text, err));
	json_t *body =
		json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &fault);
	if (!json_is_object(body)) {
		json_decref(body);
		return su_fail(err, SU_INVALID, "", "%s: %s", cli->arguments[1],
			body ? "must be a JSON object" : fault.text);
	}
	return show_call(cli, "PUT", provision_path(cli), body, err);
}

static enum su_status delete (struct cli *cli, struct su_error *err) {
	return show_call(cli, "DELETE", provision_path(cli), NULL, err);
}

const struct cli_command cmd_provision_show = {
	.words = "device provision show",
	.arguments = "ENDPOINT",
	.summary = "Print what is laid down for a device",
	.min_arguments = 1,
	.max_arguments = 1,
	.options = { { "json", NULL, "with who laid it down when, and the mode that it came to" },
		{ NULL, NULL, NULL } },
	.run = show,
};

const struct cli_command cmd_provision_put = {
	.words = "device provision put",
	.arguments = "ENDPOINT FILE",
	.summary = "Lay down profile, windows, mode or site of a device; it may not exist yet",
	.min_arguments = 2,
	.max_arguments = 2,
	.options = { SHOW_JSON_OPTION, { NULL, NULL, NULL } },
	.run = put,
};

const struct cli_command cmd_provision_delete = {
	.words = "device provision delete",
	.arguments = "ENDPOINT",
	.summary = "Let count again what the device tells of itself",
	.min_arguments = 1,
	.max_arguments = 1,
	.options = { SHOW_JSON_OPTION, { NULL, NULL, NULL } },
	.run = delete,
};
