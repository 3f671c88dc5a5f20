/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/releases: verified manifests and what operators do with them. */
#include "server/http_handlers.h"
#include "server/http_json.h"
#include "server/http_values.h"
#include "server/http_views.h"
#include "store/release_store.h"
#include "tracker/management.h"

static void reply_release(struct http_call *call, const struct release *release)
{
	http_reply_row_version(call, release->row_version);
	http_reply_json_take(call, 200, http_view_release(call->arena, release));
}

enum su_status http_releases_list(struct http_call *call, struct su_error *err)
{
	const char *cursor = http_call_query(call, "cursor");
	const char *next = NULL;
	struct release *releases;
	size_t limit;
	SU_TRY(http_call_limit(call, &limit, err));
	struct txn txn = txn_begin(call->conn);
	size_t n = release_store_list(
		&txn, call->arena, cursor ? cursor : "", limit, &releases, &next);
	SU_TRY(txn_commit(&txn, err));
	json_t *items = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(items, http_view_release(call->arena, &releases[i]));
	http_reply_json_take(call, 200, http_json_page_take(items, next));
	return SU_OK;
}

enum su_status http_releases_get(struct http_call *call, struct su_error *err)
{
	struct digest digest;
	struct release release;
	SU_TRY(http_value_digest(call, &digest, err));
	struct txn txn = txn_begin(call->conn);
	bool found = release_store_get(&txn, call->arena, &digest, &release);
	SU_TRY(txn_commit(&txn, err));
	if (!found)
		return su_fail(err, SU_NOT_FOUND, "digest", "there is no such release");
	reply_release(call, &release);
	return SU_OK;
}

typedef enum su_status (*command_fn)(struct store_conn *conn, struct su_arena *arena,
	const struct digest *release, int64_t if_version, const struct command_origin *origin,
	struct release *out, struct su_error *err);

static enum su_status do_command(struct http_call *call, command_fn command, struct su_error *err)
{
	const struct command_origin origin = { call->actor->name, call->now_ms };
	struct http_json_reader reader = http_json_reader_of(call->json);
	struct digest digest;
	struct release release;
	int64_t if_version;
	SU_TRY(http_value_digest(call, &digest, err));
	SU_TRY(http_call_if_match(call, &if_version, err));
	SU_TRY(http_json_end(&reader, err));
	SU_TRY(command(call->conn, call->arena, &digest, if_version, &origin, &release, err));
	call->releases_changed = true;
	reply_release(call, &release);
	return SU_OK;
}

enum su_status http_releases_approve(struct http_call *call, struct su_error *err)
{
	return do_command(call, management_approve, err);
}

enum su_status http_releases_withdraw(struct http_call *call, struct su_error *err)
{
	return do_command(call, management_withdraw, err);
}
