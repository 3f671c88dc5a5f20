/* SPDX-License-Identifier: Apache-2.0 */
/* Computing digests, in one go or piece by piece. */
#pragma once

#include "model/digest.h"

struct hash;

/* SU_UNSUPPORTED for an algorithm that this build cannot compute. */
enum su_status hash_new(enum digest_alg alg, struct hash **out, struct su_error *err) SU_MUST_CHECK;
void hash_update(struct hash *hash, struct su_span bytes);
struct digest hash_final(struct hash *hash); /* then only hash_free */
void hash_free(struct hash **hash);

enum su_status hash_compute(enum digest_alg alg, struct su_span bytes, struct digest *out,
	struct su_error *err) SU_MUST_CHECK;
/* Over the byte string's CBOR head and its content, as suit-manifest digests members. */
enum su_status hash_compute_bstr(enum digest_alg alg, struct su_span content, struct digest *out,
	struct su_error *err) SU_MUST_CHECK;
