/* SPDX-License-Identifier: Apache-2.0 */
/* suitctl trust: whose signatures count, and for what. */
#include <string.h>

#include "tools/command_list.h"
#include "tools/show.h"
#include "tools/whole_file.h"

#define KEY_FILE_MAX_BYTES 65536

/* Every value of a repeated option, as a JSON list. */
static json_t *values(const struct cli *cli, const char *option)
{
	json_t *list = json_array();
	const char *value;
	for (size_t i = 0; (value = cli_nth(cli, option, i)) != NULL; i++)
		json_array_append_new(list, json_string(value));
	return list;
}

static enum su_status read_key(
	const struct cli *cli, const char *path, json_t *body, struct su_error *err)
{
	struct su_span text;
	SU_TRY(whole_file_read(cli->arena, path, KEY_FILE_MAX_BYTES, &text, err));
	json_t *jwk = json_loadb((const char *)text.data, text.len, 0, NULL);
	if (json_object_get(jwk, "d") != NULL ||
		memmem(text.data, text.len, "PRIVATE KEY", 11) != NULL) {
		json_decref(jwk);
		return su_fail(err, SU_INVALID, path, "is a private key: give the public one");
	}
	if (jwk != NULL)
		json_object_set_new(body, "jwk", jwk);
	else
		json_object_set_new(body, "pem", json_stringn((const char *)text.data, text.len));
	return SU_OK;
}

static enum su_status add(struct cli *cli, struct su_error *err)
{
	const char *key, *name = cli_value(cli, "name");
	SU_TRY(cli_require(cli, "key", &key, err));
	json_t *body = json_object();
	enum su_status status = read_key(cli, key, body, err);
	if (status != SU_OK) {
		json_decref(body);
		return status;
	}
	const char *device = cli_value(cli, "device");
	json_object_set_new(body, "name", json_string(name != NULL ? name : key));
	json_object_set_new(body, "vendor_ids", values(cli, "vendor"));
	json_object_set_new(body, "class_ids", values(cli, "class"));
	if (device != NULL) {
		json_object_set_new(body, "purpose", json_string("device"));
		json_object_set_new(body, "endpoint", json_string(device));
	}
	return show_call(cli, "POST", "/trust-anchors", body, err);
}

static enum su_status list(struct cli *cli, struct su_error *err)
{
	static const struct show_column columns[] = {
		{ "ID", "id" },
		{ "NAME", "name" },
		{ "PURPOSE", "purpose" },
		{ "KEY", "key_type" },
		{ "VENDORS", "vendor_ids" },
		{ "CLASSES", "class_ids" },
		{ "REVOKED", "revoked_at" },
		{ NULL, NULL },
	};
	return show_list(cli, "/trust-anchors", columns, err);
}

static enum su_status revoke(struct cli *cli, struct su_error *err)
{
	const char *reason = cli_value(cli, "reason");
	json_t *body = json_object();
	if (reason != NULL)
		json_object_set_new(body, "reason", json_string(reason));
	const char *path = su_arena_printf(
		cli->arena, "/trust-anchors/%s/revoke", api_segment(cli->arena, cli->arguments[0]));
	return show_call(cli, "POST", path, body, err);
}

const struct cli_command cmd_trust_add = {
	.words = "trust add",
	.arguments = "",
	.summary = "Trust a public key to sign manifests, or a device's reports",
	.options = {
		{ "key", "FILE", "public key, PEM or JWK" },
		{ "name", "NAME", "what people call it; default the file's name" },
		{ "vendor", "UUID", "only for this vendor; may be repeated" },
		{ "class", "UUID", "only for this class; may be repeated" },
		{ "device", "ENDPOINT", "the key signs reports of this device, not manifests" },
		SHOW_JSON_OPTION,
		{ NULL, NULL, NULL },
	},
	.run = add,
};

const struct cli_command cmd_trust_list = {
	.words = "trust list",
	.arguments = "",
	.summary = "List the trust anchors, revoked ones included",
	.options = { SHOW_JSON_OPTION, { NULL, NULL, NULL } },
	.run = list,
};

const struct cli_command cmd_trust_revoke = {
	.words = "trust revoke",
	.arguments = "ID",
	.summary = "Trust a key no more",
	.min_arguments = 1,
	.max_arguments = 1,
	.options = {
		{ "reason", "TEXT", "kept with the anchor" },
		SHOW_JSON_OPTION,
		{ NULL, NULL, NULL },
	},
	.run = revoke,
};
