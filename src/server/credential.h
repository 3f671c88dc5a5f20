/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets of devices as they are stored: pre-shared keys sealed, bearer tokens hashed. Any thread. */
#pragma once

#include "base/arena.h"
#include "base/span.h"
#include "base/status.h"

#define CREDENTIAL_PSK_MIN_BYTES 16
#define CREDENTIAL_PSK_MAX_BYTES 64
#define CREDENTIAL_HASH_BYTES    32

struct credential_key;

/* The contents of the key file: 32 bytes, or 64 hexadecimal digits with white space around them. */
enum su_status credential_key_new(
	struct su_span contents, struct credential_key **out, struct su_error *err) SU_MUST_CHECK;
void credential_key_free(struct credential_key **key); /* wipes it */

/* Bound to the endpoint: moved to another device's row, a sealed key does not open. */
enum su_status credential_seal_psk(const struct credential_key *key, struct su_arena *arena,
	const char *endpoint, struct su_span psk, struct su_span *out,
	struct su_error *err) SU_MUST_CHECK;
/* SU_UNAUTHENTIC: another key file, another endpoint, or damaged. */
enum su_status credential_open_psk(const struct credential_key *key, struct su_arena *arena,
	const char *endpoint, struct su_span sealed, struct su_span *out,
	struct su_error *err) SU_MUST_CHECK;

/* A new bearer secret: prefix and 256 random bits as base64url. */
char *credential_new_secret(struct su_arena *arena, const char *prefix);
/* What is stored of a bearer secret (management or device): SHA-256 of its text. */
void credential_hash_secret(const char *secret, uint8_t out[CREDENTIAL_HASH_BYTES]);
