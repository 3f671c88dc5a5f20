/* SPDX-License-Identifier: Apache-2.0 */
/* suitctl manifest sign: one more signature on an envelope. */
#include "base/memory.h"
#include "suit/encode.h"
#include "tools/command_list.h"
#include "tools/envelope_file.h"
#include "tools/key_file.h"
#include "tools/whole_file.h"

static enum su_status sign(struct cli *cli, struct su_error *err)
{
	const char *out_path;
	struct su_span envelope;
	struct key *key su_auto(key_free) = NULL;
	int alg;
	SU_TRY(cli_require(cli, "out", &out_path, err));
	SU_TRY(whole_file_read(
		cli->arena, cli->arguments[0], ENVELOPE_FILE_MAX_BYTES, &envelope, err));
	SU_TRY(key_file_from_options(cli, &key, err));
	SU_TRY(key_file_alg(cli_value(cli, "alg"), key, &alg, err));

	struct envelope_options options = { .allow_untagged = true };
	struct su_buf out su_auto(su_buf_free) = { 0 };
	SU_TRY(envelope_sign(
		envelope, &options, key, (enum cose_alg)alg, SU_SPAN_EMPTY, &out, err));
	return whole_file_write(out_path, su_buf_span(&out), 0644, err);
}

const struct cli_command cmd_manifest_sign = {
	.words = "manifest sign",
	.arguments = "FILE",
	.summary = "Add a signature to an envelope; those that it has stay",
	.min_arguments = 1,
	.max_arguments = 1,
	.options = {
		{ "key", "FILE", "private key (PEM)" },
		{ "hmac-key", "HEX", "or a secret, for a MAC" },
		{ "alg", "NAME", "COSE algorithm; default ESP256, Ed25519, HMAC 256/256 by key" },
		{ "out", "FILE", "where the new envelope goes" },
		{ NULL, NULL, NULL },
	},
	.run = sign,
};
