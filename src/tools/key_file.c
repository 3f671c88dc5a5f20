/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the keys that commands name. */
#include "tools/key_file.h"

#include <string.h>

#include "base/hex.h"
#include "suit/cose.h"
#include "tools/whole_file.h"

#define KEY_FILE_MAX_BYTES 65536
#define HMAC_KEY_MAX_BYTES 64

enum su_status key_file_read(
	struct su_arena *arena, const char *path, struct key **out, struct su_error *err)
{
	struct su_span pem;
	SU_TRY(whole_file_read(arena, path, KEY_FILE_MAX_BYTES, &pem, err));
	enum su_status status = key_from_pem(pem, out, err);
	if (status != SU_OK)
		su_error_prefix(err, "%s", path);
	return status;
}

enum su_status key_file_from_options(const struct cli *cli, struct key **out, struct su_error *err)
{
	const char *path = cli_value(cli, "key");
	const char *hex = cli_value(cli, "hmac-key");
	if ((path == NULL) == (hex == NULL))
		return su_fail(err, SU_INVALID, "", "give either --key FILE or --hmac-key HEX");
	if (path != NULL)
		return key_file_read(cli->arena, path, out, err);
	uint8_t secret[HMAC_KEY_MAX_BYTES];
	size_t len;
	if (su_hex_decode(su_span_str(hex), secret, sizeof(secret), &len, err) != SU_OK)
		return su_fail(err, SU_INVALID, "--hmac-key",
			"is not hexadecimal of at most %d bytes", HMAC_KEY_MAX_BYTES);
	return key_from_secret(su_span_of(secret, len), out, err);
}

enum su_status key_file_alg(
	const char *name, const struct key *key, int *alg_out, struct su_error *err)
{
	static const int known[] = { COSE_ES256, COSE_ESP256, COSE_EDDSA, COSE_ED25519, COSE_ES384,
		COSE_ESP384, COSE_ES512, COSE_ESP512, COSE_HMAC_256 };
	*alg_out = cose_alg_for(key);
	if (name == NULL)
		return SU_OK;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(cose_alg_name(known[i]), name) == 0) {
			*alg_out = known[i];
			return SU_OK;
		}
	}
	return su_fail(
		err, SU_UNSUPPORTED, "--alg", "'%s' is not an algorithm that can sign here", name);
}
