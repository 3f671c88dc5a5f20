/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/releases: verified manifests and what operators do with them. */
#include "model/role.h"
#include "server/http_approvals.h"
#include "server/http_handlers.h"
#include "server/http_json.h"
#include "server/http_values.h"
#include "store/approval_store.h"
#include "store/release_store.h"
#include "tracker/management.h"
#include "tracker/release_approval.h"

static enum su_status reply_release(
	struct http_call *call, const struct release *release, struct su_error *err)
{
	json_t *view;
	SU_TRY(http_approvals_show(call, release, &view, err));
	http_reply_row_version(call, release->row_version);
	http_reply_json_take(call, 200, view);
	return SU_OK;
}

enum su_status http_releases_list(struct http_call *call, struct su_error *err)
{
	const char *cursor = http_call_query(call, "cursor");
	const char *next = NULL;
	struct release *releases;
	size_t limit;
	SU_TRY(http_call_limit(call, &limit, err));
	struct txn txn = txn_begin(call->conn);
	struct approvals *given;
	size_t n = release_store_list(
		&txn, call->arena, cursor ? cursor : "", limit, &releases, &next);
	approval_store_list(&txn, call->arena, releases, n, &given);
	SU_TRY(txn_commit(&txn, err));
	json_t *items = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(items, http_approvals_view(call, &releases[i], &given[i]));
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
	return reply_release(call, &release, err);
}

/* Of a command, which has no members. */
static enum su_status read_command(struct http_call *call, struct digest *digest_out,
	int64_t *if_version_out, struct su_error *err)
{
	struct http_json_reader reader = http_json_reader_of(call->json);
	SU_TRY(http_value_digest(call, digest_out, err));
	SU_TRY(http_call_if_match(call, if_version_out, err));
	return http_json_end(&reader, err);
}

enum su_status http_releases_approve(struct http_call *call, struct su_error *err)
{
	struct digest digest;
	struct release release;
	struct approval_request request = {
		.release = &digest,
		.actor = call->actor->name,
		.capabilities = role_capabilities(call->actor->role),
		.now_ms = call->now_ms,
		.policies = call->env->policies,
	};
	SU_TRY(read_command(call, &digest, &request.if_version, err));
	SU_TRY(release_approval_give(call->conn, call->arena, &request, &release, err));
	return reply_release(call, &release, err);
}

enum su_status http_releases_withdraw(struct http_call *call, struct su_error *err)
{
	const struct command_origin origin = { call->actor->name, call->now_ms };
	struct digest digest;
	struct release release;
	int64_t if_version;
	SU_TRY(read_command(call, &digest, &if_version, err));
	SU_TRY(management_withdraw(
		call->conn, call->arena, &digest, if_version, &origin, &release, err));
	return reply_release(call, &release, err);
}
