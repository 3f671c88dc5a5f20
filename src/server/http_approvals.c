/* SPDX-License-Identifier: Apache-2.0 */
/* The member "approvals" of a release: by the policy in force until it is decided. */
#include "server/http_approvals.h"

#include "server/http_json.h"
#include "server/http_views.h"
#include "store/approval_store.h"
#include "tracker/release_approval.h"

static json_t *approvers(unsigned bits)
{
	json_t *list = json_array();
	for (int i = 0; i < APPROVER_COUNT; i++)
		if (bits & (1U << i))
			json_array_append_new(list, json_string(name_of(approver_names, i)));
	return list;
}

static json_t *approvals_given(const struct approvals *given)
{
	json_t *list = json_array();
	for (size_t i = 0; i < given->n; i++) {
		const struct approval *approval = &given->list[i];
		json_t *view = json_object();
		http_json_put_text(view, "role", name_of(approver_names, (int)approval->as));
		http_json_put_text(view, "by", approval->by);
		http_json_put_time(view, "at", approval->at_ms);
		http_json_put_text(view, "reason", approval->reason);
		json_array_append_new(list, view);
	}
	return list;
}

json_t *http_approvals_view(
	struct http_call *call, const struct release *release, const struct approvals *given)
{
	const struct approval_standing standing = release_approval_look(
		call->env->policies, call->arena, release, given, call->now_ms);
	json_t *view = http_view_release(call->arena, release);
	json_t *approvals = json_object();
	http_json_put_take(approvals, "needed", approvers(standing.needed));
	http_json_put_take(approvals, "missing", approvers(standing.missing));
	http_json_put_take(approvals, "given", approvals_given(given));
	http_json_put_text(approvals, "rule", standing.reason.rule);
	http_json_put_text(approvals, "because", standing.reason.because);
	http_json_put_take(view, "approvals", approvals);
	return view;
}

enum su_status http_approvals_show(struct http_call *call, const struct release *release,
	json_t **view_out, struct su_error *err)
{
	struct approvals *given;
	struct txn txn = txn_begin(call->conn);
	approval_store_list(&txn, call->arena, release, 1, &given);
	SU_TRY(txn_commit(&txn, err));
	*view_out = http_approvals_view(call, release, given);
	return SU_OK;
}
