/* SPDX-License-Identifier: Apache-2.0 */
/* suitctl manifest verify: do digest and signature hold under this key? */
#include <stdio.h>

#include "base/memory.h"
#include "tools/command_list.h"
#include "tools/envelope_file.h"
#include "tools/key_file.h"

static bool print_digests(const struct envelope *envelope)
{
	bool good = envelope->manifest_digest_matches;
	printf("manifest digest: %s\n", good ? "holds" : "DOES NOT HOLD");
	for (size_t i = 0; i < envelope->manifest.n_members; i++) {
		const struct manifest_member *member = &envelope->manifest.members[i];
		if (!member->severed || !member->present)
			continue;
		printf("digest of severed %s: %s\n", manifest_key_name(member->key),
			member->matches ? "holds" : "DOES NOT HOLD");
		good = good && member->matches;
	}
	return good;
}

/* Whether at least one signature of the block is good under key. */
static bool print_block(const struct envelope *envelope, size_t index, const struct key *key)
{
	const struct cose *block = &envelope->blocks[index];
	bool good = false;
	for (size_t i = 0; i < block->n_signatures; i++) {
		const struct cose_signature *signature = &block->signatures[i];
		const char *alg = signature->has_alg ? cose_alg_name(signature->alg) : NULL;
		struct su_error why = { 0 };
		enum su_status status = cose_verify(
			block, signature, envelope->digest_encoded, SU_SPAN_EMPTY, key, &why);
		printf("signature %zu: %s, %s: %s%s\n", index, cose_tag_name(block->tag),
			alg != NULL ? alg : "unknown algorithm",
			status == SU_OK ? "holds" : "DOES NOT HOLD: ",
			status == SU_OK ? "" : why.text);
		good = good || status == SU_OK;
	}
	return good;
}

static enum su_status verify(struct cli *cli, struct su_error *err)
{
	struct envelope envelope;
	struct key *key su_auto(key_free) = NULL;
	SU_TRY(key_file_from_options(cli, &key, err));
	SU_TRY(envelope_file_read(cli->arena, cli->arguments[0], true, &envelope, err));

	bool digests_good = print_digests(&envelope);
	bool signature_good = false;
	for (size_t i = 0; i < envelope.n_blocks; i++)
		signature_good = print_block(&envelope, i, key) || signature_good;
	if (!digests_good)
		return su_fail(err, SU_UNAUTHENTIC, "", "a digest does not hold");
	if (envelope.n_blocks == 0)
		return su_fail(err, SU_UNAUTHENTIC, "", "the envelope is not signed");
	if (!signature_good)
		return su_fail(err, SU_UNAUTHENTIC, "", "no signature holds under this key");
	return SU_OK;
}

const struct cli_command cmd_manifest_verify = {
	.words = "manifest verify",
	.arguments = "FILE",
	.summary = "Check digests and signature with one key; exit status 0 only if all holds",
	.min_arguments = 1,
	.max_arguments = 1,
	.options = {
		{ "key", "FILE", "public key (PEM)" },
		{ "hmac-key", "HEX", "or the secret of a MAC" },
		{ NULL, NULL, NULL },
	},
	.run = verify,
};
