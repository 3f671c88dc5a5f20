/* SPDX-License-Identifier: Apache-2.0 */
/* suitctl manifest create: an envelope from a JSON description. */
#include <string.h>

#include "base/memory.h"
#include "suit/encode.h"
#include "tools/command_list.h"
#include "tools/description.h"
#include "tools/key_file.h"
#include "tools/whole_file.h"

#define DESCRIPTION_MAX_BYTES (1u << 20)

static const char *folder_of(struct su_arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL ? su_arena_strndup(arena, path, (size_t)(slash - path)) : "";
}

static enum su_status sign(const struct cli *cli, struct su_span unsigned_envelope,
	struct su_buf *out, struct su_error *err)
{
	struct key *key su_auto(key_free) = NULL;
	int alg;
	SU_TRY(key_file_from_options(cli, &key, err));
	SU_TRY(key_file_alg(cli_value(cli, "alg"), key, &alg, err));
	struct envelope_options options = { .allow_untagged = true };
	return envelope_sign(
		unsigned_envelope, &options, key, (enum cose_alg)alg, SU_SPAN_EMPTY, out, err);
}

static enum su_status create(struct cli *cli, struct su_error *err)
{
	const char *out_path;
	struct su_span json;
	struct description description;
	SU_TRY(cli_require(cli, "out", &out_path, err));
	SU_TRY(whole_file_read(cli->arena, cli->arguments[0], DESCRIPTION_MAX_BYTES, &json, err));
	SU_TRY(description_read(
		cli->arena, json, folder_of(cli->arena, cli->arguments[0]), &description, err));

	struct su_buf envelope su_auto(su_buf_free) = { 0 };
	struct su_buf signed_envelope su_auto(su_buf_free) = { 0 };
	SU_TRY(description_encode(&description, &envelope, err));
	if (cli_flag(cli, "key") || cli_flag(cli, "hmac-key")) {
		SU_TRY(sign(cli, su_buf_span(&envelope), &signed_envelope, err));
		return whole_file_write(out_path, su_buf_span(&signed_envelope), 0644, err);
	}
	return whole_file_write(out_path, su_buf_span(&envelope), 0644, err);
}

const struct cli_command cmd_manifest_create = {
	.words = "manifest create",
	.arguments = "DESCRIPTION.json",
	.summary = "Make a manifest from a JSON description, and sign it when a key is given",
	.min_arguments = 1,
	.max_arguments = 1,
	.options = {
		{ "out", "FILE", "where the envelope goes" },
		{ "key", "FILE", "sign with this private key (PEM)" },
		{ "hmac-key", "HEX", "authenticate with this secret" },
		{ "alg", "NAME", "COSE algorithm; default ESP256, Ed25519, HMAC 256/256 by key" },
		{ NULL, NULL, NULL },
	},
	.run = create,
};
