/* SPDX-License-Identifier: Apache-2.0 */
/* suitctl keygen: a new signing key. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/memory.h"
#include "suit/key.h"
#include "tools/command_list.h"
#include "tools/whole_file.h"

static enum su_status parse_type(const char *name, enum key_type *out, struct su_error *err)
{
	static const struct {
		const char *name;
		enum key_type type;
	} types[] = {
		{ "p256", KEY_P256 },
		{ "p384", KEY_P384 },
		{ "p521", KEY_P521 },
		{ "ed25519", KEY_ED25519 },
	};
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i].name, name) == 0) {
			*out = types[i].type;
			return SU_OK;
		}
	}
	return su_fail(
		err, SU_INVALID, "--type", "'%s' is none of p256, p384, p521, ed25519", name);
}

static enum su_status keygen(struct cli *cli, struct su_error *err)
{
	const char *out;
	SU_TRY(cli_require(cli, "out", &out, err));
	const char *type_name = cli_value(cli, "type");
	enum key_type type = KEY_P256;
	SU_TRY(parse_type(type_name != NULL ? type_name : "p256", &type, err));

	/* Whoever loses the key that devices trust cannot update them any more. */
	if (access(out, F_OK) == 0)
		return su_fail(err, SU_CONFLICT, out, "is there already; a key is not overwritten");
	struct key *key su_auto(key_free) = NULL;
	SU_TRY(key_generate(type, &key, err));
	SU_TRY(whole_file_write(out, su_span_str(key_private_pem(cli->arena, key)), 0600, err));
	const char *public_out = cli_value(cli, "public");
	if (public_out != NULL)
		SU_TRY(whole_file_write(
			public_out, su_span_str(key_public_pem(cli->arena, key)), 0644, err));

	uint8_t thumbprint[32];
	SU_TRY(key_thumbprint(key, thumbprint, err));
	printf("%s key, thumbprint %s\n", key_type_name(type),
		su_hex_encode_arena(cli->arena, su_span_of(thumbprint, sizeof(thumbprint))));
	return SU_OK;
}

const struct cli_command cmd_keygen = {
	.words = "keygen",
	.summary = "Make a signing key",
	.options = {
		{ "type", "TYPE", "p256 (default), p384, p521 or ed25519" },
		{ "out", "FILE", "where the private key goes (PEM, mode 0600)" },
		{ "public", "FILE", "where the public key goes (PEM)" },
		{ NULL, NULL, NULL },
	},
	.arguments = "",
	.run = keygen,
};
