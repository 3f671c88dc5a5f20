/* SPDX-License-Identifier: Apache-2.0 */
/* Digests through OpenSSL's EVP: one table says which algorithm is which. */
#include "suit/hash.h"

#include <assert.h>
#include <stdbool.h>

#include <openssl/evp.h>

#include "base/memory.h"
#include "suit/cbor.h"

struct hash {
	enum digest_alg alg;
	EVP_MD_CTX *ctx;
};

/* The lengths of the extendable outputs are those of RFC 9054. */
static const EVP_MD *evp_of(enum digest_alg alg, bool *is_xof)
{
	*is_xof = alg == DIGEST_SHAKE128 || alg == DIGEST_SHAKE256;
	switch (alg) {
	case DIGEST_SHA256:
		return EVP_sha256();
	case DIGEST_SHA384:
		return EVP_sha384();
	case DIGEST_SHA512:
		return EVP_sha512();
	case DIGEST_SHAKE128:
		return EVP_shake128();
	case DIGEST_SHAKE256:
		return EVP_shake256();
	case DIGEST_NONE:
		break;
	}
	return NULL;
}

enum su_status hash_new(enum digest_alg alg, struct hash **out, struct su_error *err)
{
	bool is_xof;
	const EVP_MD *md = evp_of(alg, &is_xof);

	*out = NULL;
	if (!md)
		return su_fail(
			err, SU_UNSUPPORTED, "", "digest algorithm %d is not supported", (int)alg);
	struct hash *hash = su_new(struct hash);
	hash->alg = alg;
	hash->ctx = EVP_MD_CTX_new();
	if (!hash->ctx || EVP_DigestInit_ex(hash->ctx, md, NULL) != 1) {
		hash_free(&hash);
		return su_fail(err, SU_BUG, "", "the digest algorithm %s does not start",
			digest_alg_name(alg));
	}
	*out = hash;
	return SU_OK;
}

void hash_update(struct hash *hash, struct su_span bytes)
{
	int ok = EVP_DigestUpdate(hash->ctx, bytes.data, bytes.len);

	assert(ok == 1);
	(void)ok;
}

struct digest hash_final(struct hash *hash)
{
	bool is_xof;
	struct digest digest = { .alg = hash->alg, .len = (uint8_t)digest_alg_len(hash->alg) };

	(void)evp_of(hash->alg, &is_xof);
	int ok = is_xof ? EVP_DigestFinalXOF(hash->ctx, digest.bytes, digest.len)
			: EVP_DigestFinal_ex(hash->ctx, digest.bytes, NULL);
	assert(ok == 1);
	(void)ok;
	return digest;
}

void hash_free(struct hash **hash)
{
	if (!*hash)
		return;
	EVP_MD_CTX_free((*hash)->ctx);
	su_free_ptr(hash);
}

enum su_status hash_compute(
	enum digest_alg alg, struct su_span bytes, struct digest *out, struct su_error *err)
{
	struct hash *hash su_auto(hash_free) = NULL;

	SU_TRY(hash_new(alg, &hash, err));
	hash_update(hash, bytes);
	*out = hash_final(hash);
	return SU_OK;
}

enum su_status hash_compute_bstr(
	enum digest_alg alg, struct su_span content, struct digest *out, struct su_error *err)
{
	struct hash *hash su_auto(hash_free) = NULL;
	struct su_buf head su_auto(su_buf_free) = { 0 };

	SU_TRY(hash_new(alg, &hash, err));
	cbor_put_bstr_head(&head, content.len);
	hash_update(hash, su_buf_span(&head));
	hash_update(hash, content);
	*out = hash_final(hash);
	return SU_OK;
}
