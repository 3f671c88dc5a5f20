/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/policy: the policy document in force, and those before it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "server/http_handlers.h"
#include "server/http_json.h"
#include "server/http_values.h"
#include "store/policy_store.h"
#include "tracker/policy_holder.h"

static json_t *view_record(const struct policy_record *record)
{
	json_t *view = json_object();
	http_json_put_int(view, "version", record->version);
	http_json_put_text(view, "saved_by", record->saved_by);
	http_json_put_time(view, "saved_at", record->saved_at_ms);
	if (record->text)
		http_json_put_take(view, "policy", json_loads(record->text, 0, NULL));
	return view;
}

static void reply_record(struct http_call *call, const struct policy_record *record)
{
	http_reply_row_version(call, record->version);
	http_reply_json_take(call, 200, view_record(record));
}

enum su_status http_policy_get(struct http_call *call, struct su_error *err)
{
	struct policy_record record;
	struct txn txn = txn_begin(call->conn);
	bool found = policy_store_current(&txn, call->arena, &record);
	SU_TRY(txn_commit(&txn, err));
	if (!found)
		return su_fail(err, SU_NOT_FOUND, "", "there is no policy yet");
	reply_record(call, &record);
	return SU_OK;
}

/* What is in force already is not saved again. */
static void save(struct http_call *call, struct txn *txn, const char *text, int64_t if_version,
	struct policy_record *record)
{
	if (!policy_store_current(txn, call->arena, record))
		*record = (struct policy_record){ .version = 0, .text = "" };
	if (if_version != 0 && if_version != record->version)
		txn_fail(txn, SU_STALE, "", "the policy has changed in the meantime");
	if (!txn_ok(txn) || !strcmp(record->text, text))
		return;
	*record = (struct policy_record){ record->version + 1, text, call->actor->name,
		call->now_ms };
	policy_store_insert(txn, record);
	http_value_audit(call, txn, "policy.save",
		su_arena_printf(call->arena, "%" PRId64, record->version), NULL);
}

enum su_status http_policy_put(struct http_call *call, struct su_error *err)
{
	struct policy *policy;
	struct policy_record record;
	int64_t if_version;
	SU_TRY(http_call_if_match(call, &if_version, err));
	SU_TRY(policy_parse(call->arena, call->body, &policy, err));
	struct txn txn = txn_begin(call->conn);
	save(call, &txn, policy->text, if_version, &record);
	SU_TRY(txn_commit(&txn, err));
	struct su_error later;
	if (policy_holder_refresh(call->env->policies, call->conn, &later) != SU_OK)
		su_log(SU_LOG_WARNING,
			"policy saved, but not read back: the notification brings it",
			SU_STR("why", later.text));
	reply_record(call, &record);
	return SU_OK;
}

enum su_status http_policy_versions(struct http_call *call, struct su_error *err)
{
	struct policy_record *records;
	int64_t before = 0;
	size_t limit;
	SU_TRY(http_call_limit(call, &limit, err));
	SU_TRY(http_call_number(call, "cursor", &before, err));
	struct txn txn = txn_begin(call->conn);
	size_t n = policy_store_list(&txn, call->arena, before, limit + 1, &records);
	SU_TRY(txn_commit(&txn, err));
	json_t *items = json_array();
	for (size_t i = 0; i < n && i < limit; i++)
		json_array_append_new(items, view_record(&records[i]));
	const char *next =
		n > limit ? su_arena_printf(call->arena, "%" PRId64, records[limit - 1].version)
			  : NULL;
	http_reply_json_take(call, 200, http_json_page_take(items, next));
	return SU_OK;
}

enum su_status http_policy_version(struct http_call *call, struct su_error *err)
{
	struct policy_record record;
	char *rest;
	const long long version = strtoll(call->values[0], &rest, 10);
	bool found = *rest == '\0';
	struct txn txn = txn_begin(call->conn);
	found = found && policy_store_get(&txn, call->arena, version, &record);
	SU_TRY(txn_commit(&txn, err));
	if (!found)
		return su_fail(err, SU_NOT_FOUND, "version", "there is no such version");
	http_reply_json_take(call, 200, view_record(&record));
	return SU_OK;
}
