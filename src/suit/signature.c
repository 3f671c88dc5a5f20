/* SPDX-License-Identifier: Apache-2.0 */
/* Signs and verifies through EVP, and converts ECDSA signatures between raw and DER. */
#include "suit/signature.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/hmac.h>

#include "base/memory.h"
#include "suit/key_handle.h"

enum { HMAC_BYTES = 32, ED25519_BYTES = 64 };

static void free_md_ctx(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}

static void free_ecdsa(ECDSA_SIG **pair)
{
	ECDSA_SIG_free(*pair);
}

static void free_bn(BIGNUM **number)
{
	BN_clear_free(*number);
}

static void free_der(unsigned char **der)
{
	OPENSSL_free(*der);
}

/* NULL for Ed25519, which hashes by itself. */
static const EVP_MD *md_of(enum key_type type)
{
	switch (type) {
	case KEY_P256:
	case KEY_HMAC:
		return EVP_sha256();
	case KEY_P384:
		return EVP_sha384();
	case KEY_P521:
		return EVP_sha512();
	case KEY_ED25519:
		break;
	}
	return NULL;
}

static enum su_status does_not_hold(const struct key *key, struct su_error *err)
{
	ERR_clear_error();
	return su_fail(err, SU_UNAUTHENTIC, "", "the %s does not verify with this key",
		key->type == KEY_HMAC ? "MAC" : "signature");
}

/* 0 < number < order (FIPS 186-5 section 6.4.2). */
static bool in_range(const BIGNUM *number, const BIGNUM *order)
{
	return !BN_is_zero(number) && BN_cmp(number, order) < 0;
}

/* Raw to DER; the length was checked. *der_out stays NULL when r or s cannot be. */
static int encode_der(const struct key *key, struct su_span raw, unsigned char **der_out)
{
	ECDSA_SIG *pair su_auto(free_ecdsa) = ECDSA_SIG_new();
	BIGNUM *order su_auto(free_bn) = NULL;
	int half = (int)(raw.len / 2);
	BIGNUM *r = BN_bin2bn(raw.data, half, NULL);
	BIGNUM *s = BN_bin2bn(raw.data + half, half, NULL);

	/* From here on the pair owns r and s. */
	if (!pair || !r || !s || ECDSA_SIG_set0(pair, r, s) != 1) {
		BN_free(r);
		BN_free(s);
		return 0;
	}
	if (EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_EC_ORDER, &order) != 1 ||
		!in_range(r, order) || !in_range(s, order))
		return 0;
	return i2d_ECDSA_SIG(pair, der_out);
}

static enum su_status append_raw(
	const struct key *key, struct su_span der, struct su_buf *out, struct su_error *err)
{
	const unsigned char *at = der.data;
	ECDSA_SIG *pair su_auto(free_ecdsa) = d2i_ECDSA_SIG(NULL, &at, (long)der.len);
	uint8_t raw[2 * KEY_MAX_COORDINATE_BYTES];
	int half = (int)key_handle_coordinate_len(key->type);

	if (!pair || BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, half) != half ||
		BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + half, half) != half)
		return key_handle_fail(err, SU_BUG, "the signature that was made is not ECDSA");
	su_buf_append(out, raw, (size_t)half * 2);
	return SU_OK;
}

static bool hmac(const struct key *key, struct su_span message, uint8_t out[HMAC_BYTES])
{
	unsigned len = HMAC_BYTES;

	return HMAC(EVP_sha256(), key->secret.data, (int)key->secret.len, message.data, message.len,
		       out, &len) != NULL;
}

static enum su_status verify_hmac(const struct key *key, struct su_span message,
	struct su_span signature, struct su_error *err)
{
	uint8_t wanted[HMAC_BYTES];

	if (!hmac(key, message, wanted))
		return key_handle_fail(err, SU_BUG, "HMAC-SHA-256 failed");
	if (signature.len != HMAC_BYTES || CRYPTO_memcmp(signature.data, wanted, HMAC_BYTES) != 0)
		return does_not_hold(key, err);
	return SU_OK;
}

static enum su_status verify_evp(const struct key *key, struct su_span message,
	struct su_span signature, struct su_error *err)
{
	EVP_MD_CTX *ctx su_auto(free_md_ctx) = EVP_MD_CTX_new();

	if (!ctx || EVP_DigestVerifyInit(ctx, NULL, md_of(key->type), NULL, key->pkey) != 1)
		return key_handle_fail(err, SU_BUG, "the verification does not start");
	if (EVP_DigestVerify(ctx, signature.data, signature.len, message.data, message.len) != 1)
		return does_not_hold(key, err);
	return SU_OK;
}

static enum su_status verify_ecdsa(const struct key *key, struct su_span message,
	struct su_span signature, struct su_error *err)
{
	unsigned char *der su_auto(free_der) = NULL;

	if (signature.len != 2 * key_handle_coordinate_len(key->type))
		return does_not_hold(key, err);
	int len = encode_der(key, signature, &der);
	if (len <= 0)
		return does_not_hold(key, err);
	return verify_evp(key, message, su_span_of(der, (size_t)len), err);
}

enum su_status signature_verify(const struct key *key, struct su_span message,
	struct su_span signature, struct su_error *err)
{
	if (key->type == KEY_HMAC)
		return verify_hmac(key, message, signature, err);
	if (key->type == KEY_ED25519)
		return verify_evp(key, message, signature, err);
	return verify_ecdsa(key, message, signature, err);
}

enum su_status signature_make(
	const struct key *key, struct su_span message, struct su_buf *out, struct su_error *err)
{
	EVP_MD_CTX *ctx su_auto(free_md_ctx) = EVP_MD_CTX_new();
	uint8_t signature[ED25519_BYTES + 2 * KEY_MAX_COORDINATE_BYTES];
	size_t len = sizeof(signature);

	if (!key->is_private)
		return su_fail(err, SU_INVALID, "", "a public key cannot sign");
	if (key->type == KEY_HMAC) {
		if (!hmac(key, message, signature))
			return key_handle_fail(err, SU_BUG, "HMAC-SHA-256 failed");
		su_buf_append(out, signature, HMAC_BYTES);
		return SU_OK;
	}
	if (!ctx || EVP_DigestSignInit(ctx, NULL, md_of(key->type), NULL, key->pkey) != 1 ||
		EVP_DigestSign(ctx, signature, &len, message.data, message.len) != 1)
		return key_handle_fail(err, SU_BUG, "the key did not sign");
	if (key->type != KEY_ED25519)
		return append_raw(key, su_span_of(signature, len), out, err);
	su_buf_append(out, signature, len);
	return SU_OK;
}
