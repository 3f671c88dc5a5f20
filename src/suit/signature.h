/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures and MACs in the raw form that COSE carries: r || s for ECDSA, with the hash that goes
 * with the curve; 64 bytes for Ed25519; 32 bytes of HMAC-SHA-256.
 */
#pragma once

#include "suit/key.h"

/* SU_UNAUTHENTIC when it does not hold. */
enum su_status signature_verify(const struct key *key, struct su_span message,
	struct su_span signature, struct su_error *err) SU_MUST_CHECK;
/* Appends to out; SU_INVALID without the private half. */
enum su_status signature_make(const struct key *key, struct su_span message, struct su_buf *out,
	struct su_error *err) SU_MUST_CHECK;
