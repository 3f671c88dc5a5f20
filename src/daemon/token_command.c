/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a token in the database, as an entry of the audit trail says. */
#include "daemon/token_command.h"

#include "base/clock.h"
#include "base/memory.h"
#include "server/credential.h"
#include "store/audit_store.h"
#include "store/migrate.h"
#include "store/token_store.h"

#define ACTOR         "suitd --create-token"
#define SECRET_PREFIX "suitd_"

enum su_status token_command_create(const struct config *config, const struct command_line *line,
	struct su_arena *arena, const char **secret_out, struct su_error *err)
{
	int64_t now_ms = su_clock_wall_ms();
	const struct token token = {
		.id = su_uuid_v7(now_ms),
		.name = line->token_name,
		.role = line->token_role,
		.created_at_ms = now_ms,
		.expires_at_ms = line->token_lifetime_ms ? now_ms + line->token_lifetime_ms : 0,
	};
	uint8_t hash[CREDENTIAL_HASH_BYTES];
	char *secret = credential_new_secret(arena, SECRET_PREFIX);
	credential_hash_secret(secret, hash);

	unsigned applied;
	SU_TRY(migrate_run(config->database.conninfo, &applied, err));
	struct store_conn *conn su_auto(store_conn_free) =
		store_conn_new(config->database.conninfo);
	struct txn txn = txn_begin(conn);
	token_store_insert(&txn, &token, su_span_of(hash, sizeof(hash)), ACTOR);
	audit_store_append(&txn, &(struct audit_entry){ .at_ms = now_ms,
					 .actor = ACTOR,
					 .action = "token.create",
					 .subject = token.name });
	SU_TRY(txn_commit(&txn, err));
	*secret_out = secret;
	return SU_OK;
}
