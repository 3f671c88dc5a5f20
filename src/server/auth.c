/* SPDX-License-Identifier: Apache-2.0 */
/* A small direct-mapped memory in front of the token store, and the verdict on a token. */
#include "server/auth.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "store/token_store.h"

#define N_SLOTS     256
#define REMEMBER_MS 30000

struct slot {
	uint8_t hash[CREDENTIAL_HASH_BYTES];
	struct token token;
	char *name; /* owned; NULL: the slot is free */
	int64_t until_ms;
};

struct auth_memory {
	struct slot slots[N_SLOTS];
};

/* The hash is uniform already. */
static size_t slot_index(const uint8_t hash[CREDENTIAL_HASH_BYTES])
{
	return hash[0] % N_SLOTS;
}

struct auth_memory *auth_memory_new(void)
{
	return su_new(struct auth_memory);
}

void auth_memory_free(struct auth_memory **memory)
{
	if (!memory || !*memory)
		return;
	auth_forget_all(*memory);
	free(*memory);
	*memory = NULL;
}

bool auth_recall(const struct auth_memory *memory, const uint8_t hash[CREDENTIAL_HASH_BYTES],
	int64_t now_ms, struct su_arena *arena, struct token *out)
{
	const struct slot *slot = &memory->slots[slot_index(hash)];
	if (!slot->name || slot->until_ms <= now_ms ||
		memcmp(slot->hash, hash, CREDENTIAL_HASH_BYTES) != 0)
		return false;
	*out = slot->token;
	out->name = su_arena_strdup(arena, slot->name);
	return true;
}

void auth_remember(struct auth_memory *memory, const uint8_t hash[CREDENTIAL_HASH_BYTES],
	const struct token *token, int64_t now_ms)
{
	struct slot *slot = &memory->slots[slot_index(hash)];
	free(slot->name);
	slot->name = su_strdup(token->name);
	slot->token = *token;
	slot->until_ms = now_ms + REMEMBER_MS;
	memcpy(slot->hash, hash, CREDENTIAL_HASH_BYTES);
}

void auth_forget_all(struct auth_memory *memory)
{
	for (size_t i = 0; i < N_SLOTS; i++) {
		free(memory->slots[i].name);
		memory->slots[i].name = NULL;
	}
}

enum su_status auth_lookup(struct store_conn *conn, struct su_arena *arena,
	const uint8_t hash[CREDENTIAL_HASH_BYTES], struct token *out, struct su_error *err)
{
	struct txn txn = txn_begin(conn);
	bool found = token_store_find(&txn, arena, su_span_of(hash, CREDENTIAL_HASH_BYTES), out);
	SU_TRY(txn_commit(&txn, err));
	if (!found)
		return su_fail(err, SU_UNAUTHENTICATED, "", "the token is unknown");
	return SU_OK;
}

enum su_status auth_judge(
	const struct token *token, unsigned capabilities, int64_t now_ms, struct su_error *err)
{
	char when[SU_TIME_TEXT_SIZE];
	if (token->revoked_at_ms) {
		su_time_format(token->revoked_at_ms, when);
		return su_fail(err, SU_UNAUTHENTICATED, "", "the token was revoked at %s", when);
	}
	if (token->expires_at_ms && token->expires_at_ms <= now_ms) {
		su_time_format(token->expires_at_ms, when);
		return su_fail(err, SU_UNAUTHENTICATED, "", "the token expired at %s", when);
	}
	if (!(role_capabilities(token->role) & capabilities))
		return su_fail(err, SU_DENIED, "", "the role %s may not do this",
			name_of(role_names, (int)token->role));
	return SU_OK;
}
