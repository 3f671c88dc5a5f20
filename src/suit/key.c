/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, making and identifying keys. */
#include "suit/key.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/hex.h"
#include "base/memory.h"
#include "base/uuid.h"
#include "suit/cbor.h"
#include "suit/hash.h"
#include "suit/jwk.h"
#include "suit/key_handle.h"

#define GENERATED_SECRET_BYTES 32

static const char *const type_names[] = {
	[KEY_P256] = "P-256",
	[KEY_P384] = "P-384",
	[KEY_P521] = "P-521",
	[KEY_ED25519] = "Ed25519",
	[KEY_HMAC] = "HMAC",
};

/*
 * Keys whose private half is printed somewhere: x of the public point (both points with this x have
 * a known private key), or the secret itself.
 */
static const struct {
	enum key_type type;
	const char *hex; /* where it is printed */
} published[] = {
	/* draft-ietf-suit-manifest, appendix B */
	{ KEY_P256, "8496811aae0baaabd26157189eecda26beaa8bf11b6f3fe6e2b5659c85dbc0ad" },
	/* draft-ietf-suit-firmware-encryption, the delegated signer of its examples */
	{ KEY_P256, "0e908aa8f066db1f084e0c3652c63952bd99f2a5bdb22f9e01367aad03aba68b" },
	/* draft-ietf-suit-firmware-encryption, the device of its examples */
	{ KEY_P256, "5886cd61dd875862e5aaa820e7a15274c968a9bc96048ddcace32f50c3651ba3" },
	/* draft-ietf-suit-firmware-encryption, the MAC key of its examples: 32 times "a" */
	{ KEY_HMAC, "6161616161616161616161616161616161616161616161616161616161616161" },
	/* COSE working group examples (RFC 9052 appendix C): "11", P-384, "bilbo.baggins" */
	{ KEY_P256, "bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff" },
	{ KEY_P384, "9132723f6292b010619dbe248d698c17b58756c639e7150f81bee4eb8ac37236"
		    "ad0a1a19d67be32a66263e1e524d129c" },
	{ KEY_P521, "0072992cb3ac08ecf3e5c63dedec0d51a8c1f79ef2f82f94f3c737bf5de79866"
		    "71eac625fe8257bbd0394644caaa3aaf8f27a4585fbbcad0f2457620085e5c8f42ad" },
	/* COSE working group examples: "our-secret" */
	{ KEY_HMAC, "849b57219dae48de646d07dbb533566e976686457c1491be3a76dcea6c427188" },
	/* RFC 8032 section 7.1, test 1, and RFC 8037 appendix A */
	{ KEY_ED25519, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a" },
};

struct pem_block {
	char *name, *header;
	unsigned char *data;
	long len;
};

static void free_pem_block(struct pem_block *block)
{
	OPENSSL_free(block->name);
	OPENSSL_free(block->header);
	OPENSSL_clear_free(block->data, block->data ? (size_t)block->len : 0);
	*block = (struct pem_block){ 0 };
}

static void free_bio(BIO **bio)
{
	BIO_free(*bio);
}

static void free_ctx(EVP_PKEY_CTX **ctx)
{
	EVP_PKEY_CTX_free(*ctx);
}

static void free_key_buf(struct su_buf *buf)
{
	OPENSSL_cleanse(buf->data, buf->len);
	su_buf_free(buf);
}

static enum su_status check_input(struct su_span input, struct key **out, struct su_error *err)
{
	*out = NULL;
	if (input.len > KEY_MAX_INPUT_BYTES)
		return su_fail(err, SU_TOO_LARGE, "", "a key has no more than %d bytes",
			KEY_MAX_INPUT_BYTES);
	return SU_OK;
}

static enum su_status find_curve(EVP_PKEY *pkey, enum key_type *out, struct su_error *err)
{
	char group[64] = "";
	int explicit_parameters = 0;

	(void)EVP_PKEY_get_int_param(
		pkey, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &explicit_parameters);
	if (explicit_parameters)
		return su_fail(err, SU_UNSUPPORTED, "", "the key spells its curve out, unnamed");
	(void)EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL);
	for (enum key_type type = KEY_P256; type <= KEY_P521; type++) {
		if (strcmp(group, key_handle_group(type)) == 0) {
			*out = type;
			return SU_OK;
		}
	}
	return su_fail(err, SU_UNSUPPORTED, "", "the curve %s is not supported",
		group[0] ? group : "of the key");
}

/* The point is on its curve, and the private half belongs to it. */
static enum su_status check_ec(EVP_PKEY *pkey, bool is_private, struct su_error *err)
{
	EVP_PKEY_CTX *ctx su_auto(free_ctx) = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);

	if (!ctx || EVP_PKEY_public_check(ctx) != 1)
		return key_handle_fail(err, SU_INVALID, "the public key is not valid");
	if (is_private && EVP_PKEY_pairwise_check(ctx) != 1)
		return key_handle_fail(err, SU_INVALID, "the two halves of the key do not match");
	if (EVP_PKEY_set_utf8_string_param(
		    pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "uncompressed") != 1)
		return key_handle_fail(err, SU_BUG, "the key cannot be written uncompressed");
	return SU_OK;
}

/* Takes pkey, on failure too, and finds out what it is. */
static enum su_status take_pkey(
	EVP_PKEY *pkey, bool is_private, struct key **out, struct su_error *err)
{
	EVP_PKEY *owned su_auto(key_handle_free_pkey) = pkey;
	enum key_type type = KEY_ED25519;

	if (EVP_PKEY_is_a(pkey, "EC")) {
		SU_TRY(find_curve(pkey, &type, err));
		SU_TRY(check_ec(pkey, is_private, err));
	} else if (!EVP_PKEY_is_a(pkey, "ED25519")) {
		const char *name = EVP_PKEY_get0_type_name(pkey);
		return su_fail(
			err, SU_UNSUPPORTED, "", "%s keys are not supported", name ? name : "such");
	}
	struct key *key = su_new(struct key);
	key->type = type;
	key->is_private = is_private;
	key->pkey = owned;
	owned = NULL;
	*out = key;
	return SU_OK;
}

/* The first block of the text that is not the mere name of a curve. */
static enum su_status read_pem_block(
	struct su_span pem, struct pem_block *block, struct su_error *err)
{
	BIO *bio su_auto(free_bio) = BIO_new_mem_buf(pem.data, (int)pem.len);

	do {
		free_pem_block(block);
		if (!bio || PEM_read_bio(bio, &block->name, &block->header, &block->data,
				    &block->len) != 1)
			return key_handle_fail(err, SU_INVALID, "no PEM key found");
	} while (strcmp(block->name, PEM_STRING_ECPARAMETERS) == 0);
	return SU_OK;
}

static enum su_status decode_pem_block(
	const struct pem_block *block, EVP_PKEY **out, bool *is_private_out, struct su_error *err)
{
	const unsigned char *at = block->data;
	const unsigned char *end = block->data + block->len;

	if (strcmp(block->name, PEM_STRING_PKCS8) == 0 || strstr(block->header, "ENCRYPTED"))
		return su_fail(err, SU_INVALID, "",
			"the key is encrypted; decrypt it first, e.g. with openssl pkey");
	*is_private_out = strcmp(block->name, PEM_STRING_PUBLIC) != 0;
	if (!*is_private_out)
		*out = d2i_PUBKEY(NULL, &at, block->len);
	else if (strcmp(block->name, PEM_STRING_PKCS8INF) == 0 ||
		 strcmp(block->name, PEM_STRING_ECPRIVATEKEY) == 0)
		*out = d2i_AutoPrivateKey(NULL, &at, block->len);
	else
		return su_fail(err, SU_UNSUPPORTED, "", "a PEM \"%.64s\" is not a key we can use",
			block->name);
	if (!*out)
		return key_handle_fail(err, SU_INVALID, "the PEM holds no valid key");
	if (at != end)
		return su_fail(err, SU_INVALID, "", "%zu bytes follow the key inside the PEM",
			(size_t)(end - at));
	return SU_OK;
}

/* One coordinate, or an Ed25519 key, in its full length; false when OpenSSL does not tell. */
static bool get_coordinate(const struct key *key, const char *param, uint8_t *out)
{
	size_t len = key_handle_coordinate_len(key->type);
	BIGNUM *number = NULL;

	if (key->type == KEY_ED25519)
		return EVP_PKEY_get_raw_public_key(key->pkey, out, &len) == 1;
	bool ok = EVP_PKEY_get_bn_param(key->pkey, param, &number) == 1 &&
		  BN_bn2binpad(number, out, (int)len) == (int)len;
	BN_free(number);
	return ok;
}

/* What the table of published keys lists. */
static struct su_span identifying_bytes(const struct key *key, uint8_t x[KEY_MAX_COORDINATE_BYTES])
{
	if (key->type == KEY_HMAC)
		return su_buf_span(&key->secret);
	if (!get_coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X, x))
		return SU_SPAN_EMPTY;
	return su_span_of(x, key_handle_coordinate_len(key->type));
}

/* Copies what a memory BIO holds, and wipes the original. */
static char *text_of_bio(struct su_arena *arena, BIO *bio)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);
	char *text = su_arena_strndup(arena, data, (size_t)len);

	OPENSSL_cleanse(data, (size_t)len);
	return text;
}

enum su_status key_from_pem(struct su_span pem, struct key **out, struct su_error *err)
{
	struct pem_block block su_auto(free_pem_block) = { 0 };
	EVP_PKEY *pkey su_auto(key_handle_free_pkey) = NULL;
	bool is_private = false;

	SU_TRY(check_input(pem, out, err));
	SU_TRY(read_pem_block(pem, &block, err));
	SU_TRY(decode_pem_block(&block, &pkey, &is_private, err));
	EVP_PKEY *taken = pkey;
	pkey = NULL;
	return take_pkey(taken, is_private, out, err);
}

enum su_status key_from_jwk(struct su_span json, struct key **out, struct su_error *err)
{
	EVP_PKEY *pkey;

	SU_TRY(check_input(json, out, err));
	SU_TRY(jwk_read_public(json, &pkey, err));
	return take_pkey(pkey, false, out, err);
}

enum su_status key_from_spki(struct su_span der, struct key **out, struct su_error *err)
{
	const unsigned char *at = der.data;

	SU_TRY(check_input(der, out, err));
	EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)der.len);
	if (!pkey)
		return key_handle_fail(err, SU_INVALID, "not a SubjectPublicKeyInfo");
	if (at != der.data + der.len) {
		EVP_PKEY_free(pkey);
		return su_fail(err, SU_INVALID, "", "bytes follow the SubjectPublicKeyInfo");
	}
	return take_pkey(pkey, false, out, err);
}

enum su_status key_from_secret(struct su_span secret, struct key **out, struct su_error *err)
{
	*out = NULL;
	if (secret.len < KEY_MIN_SECRET_BYTES || secret.len > KEY_MAX_SECRET_BYTES)
		return su_fail(err, SU_INVALID, "", "a MAC key has %d to %d bytes, not %zu",
			KEY_MIN_SECRET_BYTES, KEY_MAX_SECRET_BYTES, secret.len);
	struct key *key = su_new(struct key);
	key->type = KEY_HMAC;
	key->is_private = true;
	su_buf_append_span(&key->secret, secret);
	*out = key;
	return SU_OK;
}

enum su_status key_generate(enum key_type type, struct key **out, struct su_error *err)
{
	uint8_t secret[GENERATED_SECRET_BYTES];

	*out = NULL;
	if (type == KEY_HMAC) {
		su_random_bytes(secret, sizeof(secret));
		enum su_status status =
			key_from_secret(su_span_of(secret, sizeof(secret)), out, err);
		OPENSSL_cleanse(secret, sizeof(secret));
		return status;
	}
	EVP_PKEY *pkey = type == KEY_ED25519 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
					     : EVP_EC_gen(key_handle_group(type));
	if (!pkey)
		return key_handle_fail(err, SU_BUG, "no key could be generated");
	return take_pkey(pkey, true, out, err);
}

void key_free(struct key **key)
{
	if (!*key)
		return;
	EVP_PKEY_free((*key)->pkey);
	free_key_buf(&(*key)->secret);
	su_free_ptr(key);
}

enum key_type key_type_of(const struct key *key)
{
	return key->type;
}

const char *key_type_name(enum key_type type)
{
	return type_names[type];
}

bool key_is_private(const struct key *key)
{
	return key->is_private;
}

struct su_span key_spki(struct su_arena *arena, const struct key *key)
{
	unsigned char *der = NULL;

	if (!key->pkey)
		return SU_SPAN_EMPTY;
	int len = i2d_PUBKEY(key->pkey, &der);
	if (len <= 0) {
		ERR_clear_error();
		return SU_SPAN_EMPTY;
	}
	struct su_span copy = su_arena_copy(arena, su_span_of(der, (size_t)len));
	OPENSSL_free(der);
	return copy;
}

enum su_status key_thumbprint(const struct key *key, uint8_t out[32], struct su_error *err)
{
	/* COSE Key Types and Elliptic Curves, by key_type. */
	static const uint8_t curves[] = { 1, 2, 3, 6 };
	struct su_buf encoded su_auto(su_buf_free) = { 0 };
	uint8_t bytes[KEY_MAX_COORDINATE_BYTES];
	bool is_ec = key->type != KEY_ED25519;
	struct digest digest;

	if (key->type == KEY_HMAC)
		return su_fail(err, SU_UNSUPPORTED, "", "a secret has no thumbprint");
	struct su_span coordinate = su_span_of(bytes, key_handle_coordinate_len(key->type));
	cbor_put_map(&encoded, is_ec ? 4 : 3);
	cbor_put_int(&encoded, 1);
	cbor_put_int(&encoded, is_ec ? 2 : 1);
	cbor_put_int(&encoded, -1);
	cbor_put_int(&encoded, curves[key->type]);
	for (int label = -2; label >= (is_ec ? -3 : -2); label--) {
		if (!get_coordinate(key,
			    label == -2 ? OSSL_PKEY_PARAM_EC_PUB_X : OSSL_PKEY_PARAM_EC_PUB_Y,
			    bytes))
			return key_handle_fail(err, SU_BUG, "the public key cannot be read");
		cbor_put_int(&encoded, label);
		cbor_put_bstr(&encoded, coordinate);
	}
	SU_TRY(hash_compute(DIGEST_SHA256, su_buf_span(&encoded), &digest, err));
	memcpy(out, digest.bytes, 32);
	return SU_OK;
}

char *key_public_pem(struct su_arena *arena, const struct key *key)
{
	BIO *bio su_auto(free_bio) = BIO_new(BIO_s_mem());

	if (!bio || !key->pkey || PEM_write_bio_PUBKEY(bio, key->pkey) != 1)
		return NULL;
	return text_of_bio(arena, bio);
}

char *key_private_pem(struct su_arena *arena, const struct key *key)
{
	BIO *bio su_auto(free_bio) = BIO_new(BIO_s_mem());

	if (!bio || !key->pkey || !key->is_private ||
		PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) != 1)
		return NULL;
	return text_of_bio(arena, bio);
}

bool key_is_published_example(const struct key *key)
{
	uint8_t x[KEY_MAX_COORDINATE_BYTES];
	char hex[2 * KEY_MAX_COORDINATE_BYTES + 1];
	struct su_span bytes = identifying_bytes(key, x);

	if (bytes.len == 0 || bytes.len > sizeof(x))
		return false;
	su_hex_encode(bytes, hex);
	bool found = false;
	for (size_t i = 0; i < sizeof(published) / sizeof(published[0]) && !found; i++)
		found = published[i].type == key->type && strcmp(published[i].hex, hex) == 0;
	OPENSSL_cleanse(hex, sizeof(hex));
	return found;
}
