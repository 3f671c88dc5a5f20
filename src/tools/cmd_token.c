/* SPDX-License-Identifier: Apache-2.0 */
/* suitctl token: who may use the management interface. */
#include "tools/command_list.h"
#include "tools/show.h"

static enum su_status create(struct cli *cli, struct su_error *err)
{
	const char *role;
	SU_TRY(cli_require(cli, "role", &role, err));
	json_t *body = json_pack("{s:s, s:s}", "name", cli->arguments[0], "role", role);
	const char *expires = cli_value(cli, "expires-at");
	if (expires != NULL)
		json_object_set_new(body, "expires_at", json_string(expires));
	return show_call(cli, "POST", "/tokens", body, err);
}

static enum su_status list(struct cli *cli, struct su_error *err)
{
	static const struct show_column columns[] = {
		{ "ID", "id" },
		{ "NAME", "name" },
		{ "ROLE", "role" },
		{ "EXPIRES", "expires_at" },
		{ "REVOKED", "revoked_at" },
		{ NULL, NULL },
	};
	return show_list(cli, "/tokens", columns, err);
}

static enum su_status revoke(struct cli *cli, struct su_error *err)
{
	const char *path = su_arena_printf(
		cli->arena, "/tokens/%s", api_segment(cli->arena, cli->arguments[0]));
	return show_call(cli, "DELETE", path, NULL, err);
}

const struct cli_command cmd_token_create = {
	.words = "token create",
	.arguments = "NAME",
	.summary = "Make a bearer token; it is shown once and kept nowhere",
	.min_arguments = 1,
	.max_arguments = 1,
	.options = {
		{ "role", "ROLE", "author, operator, network_operator, trust_authority, viewer, administrator" },
		{ "expires-at", "TIME", "RFC 3339; default never" },
		SHOW_JSON_OPTION,
		{ NULL, NULL, NULL },
	},
	.run = create,
};

const struct cli_command cmd_token_list = {
	.words = "token list",
	.arguments = "",
	.summary = "List the tokens, without their secrets",
	.options = { SHOW_JSON_OPTION, { NULL, NULL, NULL } },
	.run = list,
};

const struct cli_command cmd_token_revoke = {
	.words = "token revoke",
	.arguments = "ID",
	.summary = "Revoke a token at once",
	.min_arguments = 1,
	.max_arguments = 1,
	.options = { { NULL, NULL, NULL } },
	.run = revoke,
};
