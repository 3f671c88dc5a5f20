/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bearer tokens of the management interface: who presents one, and whether it may. Tokens that were
 * found in the database are remembered for a short while; times of expiry are checked on every use.
 */
#pragma once

#include "base/arena.h"
#include "model/token.h"
#include "server/credential.h"
#include "store/connection.h"

#define AUTH_TOKEN_PREFIX "suitd_"

struct auth_memory; /* loop thread only */

struct auth_memory *auth_memory_new(void);
void auth_memory_free(struct auth_memory **memory);
/* Copies the token into arena; false: not remembered. */
bool auth_recall(const struct auth_memory *memory, const uint8_t hash[CREDENTIAL_HASH_BYTES],
	int64_t now_ms, struct su_arena *arena, struct token *out);
void auth_remember(struct auth_memory *memory, const uint8_t hash[CREDENTIAL_HASH_BYTES],
	const struct token *token, int64_t now_ms);
void auth_forget_all(struct auth_memory *memory);

/* Worker thread. SU_UNAUTHENTICATED: no such token. */
enum su_status auth_lookup(struct store_conn *conn, struct su_arena *arena,
	const uint8_t hash[CREDENTIAL_HASH_BYTES], struct token *out,
	struct su_error *err) SU_MUST_CHECK;

/* SU_UNAUTHENTICATED: expired or revoked; SU_DENIED: none of the capabilities is the role's. */
enum su_status auth_judge(const struct token *token, unsigned capabilities, int64_t now_ms,
	struct su_error *err) SU_MUST_CHECK;
