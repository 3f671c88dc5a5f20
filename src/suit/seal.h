/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets at rest: AES-256-GCM. A sealed secret is nonce (12 bytes), ciphertext, tag (16 bytes). */
#pragma once

#include "base/arena.h"
#include "base/span.h"
#include "base/status.h"

#define SEAL_KEY_BYTES   32
#define SEAL_EXTRA_BYTES 28

/* Under a fresh random nonce. context is authenticated, not stored: opening needs the same. */
enum su_status seal_secret(const uint8_t key[SEAL_KEY_BYTES], struct su_span context,
	struct su_span secret, struct su_arena *arena, struct su_span *out,
	struct su_error *err) SU_MUST_CHECK;
/* SU_UNAUTHENTIC when key, context or bytes are not those of the sealing. */
enum su_status seal_open(const uint8_t key[SEAL_KEY_BYTES], struct su_span context,
	struct su_span sealed, struct su_arena *arena, struct su_span *out,
	struct su_error *err) SU_MUST_CHECK;
void seal_wipe(void *memory, size_t len); /* not optimised away */
