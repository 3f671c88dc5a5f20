/* SPDX-License-Identifier: Apache-2.0 */
/* suitctl policy: the document that decides class, mode, windows and approvals. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "policy/document.h"
#include "tools/command_list.h"
#include "tools/show.h"
#include "tools/whole_file.h"

static enum su_status show(struct cli *cli, struct su_error *err)
{
	struct api_client *client su_auto(api_client_free) = NULL;
	json_t *reply = NULL;
	SU_TRY(api_client_new(cli, &client, err));
	SU_TRY(api_call(client, "GET", "/policy", NULL, &reply, err));
	json_dumpf(cli_flag(cli, "json") ? reply : json_object_get(reply, "policy"), stdout,
		JSON_INDENT(2));
	putchar('\n');
	json_decref(reply);
	return SU_OK;
}

/* "modes[2].when" in the document; NULL when there is nothing. */
static const json_t *find_member(const json_t *at, const char *path)
{
	while (at && *path) {
		size_t len = strcspn(path, ".[]");
		if (*path == '[') {
			at = json_array_get(at, strtoul(path + 1, NULL, 10));
			path += strcspn(path, "]");
			path += *path == ']';
		} else {
			char name[64];
			snprintf(name, sizeof(name), "%.*s", (int)len, path);
			at = json_object_get(at, name);
			path += len;
		}
		path += *path == '.';
	}
	return at;
}

/* The condition at fault, and a caret under the column. Columns count bytes. */
static void point_at(struct su_span text, const char *field)
{
	const char *colon = strrchr(field, ':');
	if (!colon)
		return;
	char path[sizeof(((struct su_error *)0)->field)];
	snprintf(path, sizeof(path), "%.*s", (int)(colon - field), field);
	json_t *document = json_loadb((const char *)text.data, text.len, 0, NULL);
	const char *condition = json_string_value(find_member(document, path));
	if (condition)
		fprintf(stderr, "  %s\n  %*s\n", condition, atoi(colon + 1), "^");
	json_decref(document);
}

static enum su_status check_text(struct cli *cli, struct su_span text, struct su_error *err)
{
	struct policy *policy;
	enum su_status status = policy_parse(cli->arena, text, &policy, err);
	if (status != SU_OK)
		point_at(text, err->field);
	return status;
}

static enum su_status check(struct cli *cli, struct su_error *err)
{
	struct su_span text;
	SU_TRY(whole_file_read(cli->arena, cli->arguments[0], POLICY_MAX_BYTES, &text, err));
	SU_TRY(check_text(cli, text, err));
	printf("%s: the policy is good\n", cli->arguments[0]);
	return SU_OK;
}

static enum su_status put(struct cli *cli, struct su_error *err)
{
	struct su_span text;
	SU_TRY(whole_file_read(cli->arena, cli->arguments[0], POLICY_MAX_BYTES, &text, err));
	SU_TRY(check_text(cli, text, err));
	json_t *document = json_loadb((const char *)text.data, text.len, 0, NULL);
	struct api_client *client su_auto(api_client_free) = NULL;
	json_t *reply = NULL;
	enum su_status status = api_client_new(cli, &client, err);
	if (status != SU_OK) {
		json_decref(document);
		return status;
	}
	SU_TRY(api_call(client, "PUT", "/policy", document, &reply, err));
	json_object_del(reply, "policy");
	show_object(cli, reply);
	json_decref(reply);
	return SU_OK;
}

const struct cli_command cmd_policy_show = {
	.words = "policy show",
	.arguments = "",
	.summary = "Print the policy document in force",
	.options = { { "json", NULL, "with its version, and who saved it when" },
		{ NULL, NULL, NULL } },
	.run = show,
};

const struct cli_command cmd_policy_check = {
	.words = "policy check",
	.arguments = "FILE",
	.summary = "Check a policy document without a server",
	.min_arguments = 1,
	.max_arguments = 1,
	.options = { { NULL, NULL, NULL } },
	.run = check,
};

const struct cli_command cmd_policy_put = {
	.words = "policy put",
	.arguments = "FILE",
	.summary = "Put a policy document into force",
	.min_arguments = 1,
	.max_arguments = 1,
	.options = { SHOW_JSON_OPTION, { NULL, NULL, NULL } },
	.run = put,
};
