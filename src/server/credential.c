/* SPDX-License-Identifier: Apache-2.0 */
/* The credential key, and what is done with it. */
#include "server/credential.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/memory.h"
#include "base/uuid.h"
#include "suit/hash.h"
#include "suit/seal.h"

#define SECRET_RANDOM_BYTES 32

struct credential_key {
	uint8_t bytes[SEAL_KEY_BYTES];
};

static struct su_span trim(struct su_span text)
{
	while (text.len && isspace(text.data[0]))
		text = su_span_of(text.data + 1, text.len - 1);
	while (text.len && isspace(text.data[text.len - 1]))
		text.len--;
	return text;
}

enum su_status credential_key_new(
	struct su_span contents, struct credential_key **out, struct su_error *err)
{
	struct credential_key *key = su_new(struct credential_key);
	struct su_span digits = trim(contents);
	size_t len = 0;
	*out = NULL;
	if (contents.len == SEAL_KEY_BYTES) {
		memcpy(key->bytes, contents.data, SEAL_KEY_BYTES);
	} else if (digits.len != 2 * (size_t)SEAL_KEY_BYTES ||
		   su_hex_decode(digits, key->bytes, SEAL_KEY_BYTES, &len, NULL) != SU_OK) {
		credential_key_free(&key);
		return su_fail(err, SU_INVALID, "credential_key_file",
			"the credential key must be %d bytes or %d hexadecimal digits",
			SEAL_KEY_BYTES, 2 * SEAL_KEY_BYTES);
	}
	*out = key;
	return SU_OK;
}

void credential_key_free(struct credential_key **key)
{
	if (!key || !*key)
		return;
	seal_wipe((*key)->bytes, sizeof((*key)->bytes));
	free(*key);
	*key = NULL;
}

enum su_status credential_seal_psk(const struct credential_key *key, struct su_arena *arena,
	const char *endpoint, struct su_span psk, struct su_span *out, struct su_error *err)
{
	if (psk.len < CREDENTIAL_PSK_MIN_BYTES || psk.len > CREDENTIAL_PSK_MAX_BYTES)
		return su_fail(err, SU_INVALID, "psk", "a pre-shared key has %d to %d bytes",
			CREDENTIAL_PSK_MIN_BYTES, CREDENTIAL_PSK_MAX_BYTES);
	return seal_secret(key->bytes, su_span_str(endpoint), psk, arena, out, err);
}

enum su_status credential_open_psk(const struct credential_key *key, struct su_arena *arena,
	const char *endpoint, struct su_span sealed, struct su_span *out, struct su_error *err)
{
	return seal_open(key->bytes, su_span_str(endpoint), sealed, arena, out, err);
}

char *credential_new_secret(struct su_arena *arena, const char *prefix)
{
	uint8_t random[SECRET_RANDOM_BYTES];
	su_random_bytes(random, sizeof(random));
	const char *text = su_base64url_encode_arena(arena, su_span_of(random, sizeof(random)));
	seal_wipe(random, sizeof(random));
	return su_arena_printf(arena, "%s%s", prefix, text);
}

void credential_hash_secret(const char *secret, uint8_t out[CREDENTIAL_HASH_BYTES])
{
	struct digest digest;
	if (hash_compute(DIGEST_SHA256, su_span_str(secret), &digest, NULL) != SU_OK)
		abort();
	memcpy(out, digest.bytes, CREDENTIAL_HASH_BYTES);
}
