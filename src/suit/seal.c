/* SPDX-License-Identifier: Apache-2.0 */
/* AES-256-GCM through OpenSSL. */
#include "suit/seal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/memory.h"
#include "base/uuid.h"

#define NONCE_BYTES 12
#define TAG_BYTES   16

/* Keeps lengths in range of OpenSSL's int. */
#define MAX_BYTES (1 << 20)

static void free_cipher(EVP_CIPHER_CTX **cipher)
{
	EVP_CIPHER_CTX_free(*cipher);
}

static enum su_status cipher_failed(struct su_error *err)
{
	return su_fail(err, SU_BUG, "", "AES-256-GCM is not available");
}

enum su_status seal_secret(const uint8_t key[SEAL_KEY_BYTES], struct su_span context,
	struct su_span secret, struct su_arena *arena, struct su_span *out, struct su_error *err)
{
	if (secret.len > MAX_BYTES || context.len > MAX_BYTES)
		return su_fail(err, SU_TOO_LARGE, "", "a secret may have %d bytes", MAX_BYTES);
	uint8_t *sealed = su_arena_alloc(arena, secret.len + SEAL_EXTRA_BYTES);
	uint8_t *text = sealed + NONCE_BYTES;
	EVP_CIPHER_CTX *cipher su_auto(free_cipher) = EVP_CIPHER_CTX_new();
	int len = 0;
	su_random_bytes(sealed, NONCE_BYTES);
	if (!cipher || !EVP_EncryptInit_ex2(cipher, EVP_aes_256_gcm(), key, sealed, NULL) ||
		!EVP_EncryptUpdate(cipher, NULL, &len, context.data, (int)context.len) ||
		!EVP_EncryptUpdate(cipher, text, &len, secret.data, (int)secret.len) ||
		!EVP_EncryptFinal_ex(cipher, text + secret.len, &len) ||
		!EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, text + secret.len))
		return cipher_failed(err);
	*out = su_span_of(sealed, secret.len + SEAL_EXTRA_BYTES);
	return SU_OK;
}

enum su_status seal_open(const uint8_t key[SEAL_KEY_BYTES], struct su_span context,
	struct su_span sealed, struct su_arena *arena, struct su_span *out, struct su_error *err)
{
	if (sealed.len < SEAL_EXTRA_BYTES || sealed.len > MAX_BYTES + SEAL_EXTRA_BYTES ||
		context.len > MAX_BYTES)
		return su_fail(err, SU_UNAUTHENTIC, "", "the sealed secret has a wrong length");
	size_t len = sealed.len - SEAL_EXTRA_BYTES;
	const uint8_t *text = sealed.data + NONCE_BYTES;
	uint8_t *secret = su_arena_alloc(arena, len + 1);
	uint8_t tag[TAG_BYTES];
	memcpy(tag, text + len, TAG_BYTES);
	EVP_CIPHER_CTX *cipher su_auto(free_cipher) = EVP_CIPHER_CTX_new();
	int written = 0;
	if (!cipher || !EVP_DecryptInit_ex2(cipher, EVP_aes_256_gcm(), key, sealed.data, NULL) ||
		!EVP_DecryptUpdate(cipher, NULL, &written, context.data, (int)context.len) ||
		!EVP_DecryptUpdate(cipher, secret, &written, text, (int)len) ||
		!EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag))
		return cipher_failed(err);
	if (EVP_DecryptFinal_ex(cipher, secret + len, &written) != 1) {
		seal_wipe(secret, len);
		return su_fail(err, SU_UNAUTHENTIC, "", "the sealed secret does not open");
	}
	*out = su_span_of(secret, len);
	return SU_OK;
}

void seal_wipe(void *memory, size_t len)
{
	OPENSSL_cleanse(memory, len);
}
