/* SPDX-License-Identifier: Apache-2.0 */
/* The parameters of the curves, and OpenSSL's error queue. */
#include "suit/key_handle.h"

#include <openssl/err.h>

static const struct {
	const char *group;
	size_t coordinate_len;
} rows[] = {
	[KEY_P256] = { "prime256v1", 32 },
	[KEY_P384] = { "secp384r1", 48 },
	[KEY_P521] = { "secp521r1", 66 },
	[KEY_ED25519] = { NULL, 32 },
	[KEY_HMAC] = { NULL, 0 },
};

const char *key_handle_group(enum key_type type)
{
	return rows[type].group;
}

size_t key_handle_coordinate_len(enum key_type type)
{
	return rows[type].coordinate_len;
}

enum su_status key_handle_fail(struct su_error *err, enum su_status status, const char *text)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	if (!reason)
		return su_fail(err, status, "", "%s", text);
	return su_fail(err, status, "", "%s (%s)", text, reason);
}

void key_handle_free_pkey(EVP_PKEY **pkey)
{
	EVP_PKEY_free(*pkey);
	*pkey = NULL;
}
