/* SPDX-License-Identifier: Apache-2.0 */
/* What handlers have in common. */
#include "server/http_values.h"

#include "store/audit_store.h"

enum su_status http_value_uuid(
	const struct http_call *call, struct su_uuid *out, struct su_error *err)
{
	if (su_uuid_parse(call->values[0], out, NULL) != SU_OK)
		return su_fail(err, SU_NOT_FOUND, "id", "%.60s is no identifier", call->values[0]);
	return SU_OK;
}

enum su_status http_value_digest(
	const struct http_call *call, struct digest *out, struct su_error *err)
{
	if (digest_parse(call->values[0], out, NULL) != SU_OK)
		return su_fail(err, SU_NOT_FOUND, "digest",
			"%.80s is no digest such as sha256:<64 hexadecimal digits>",
			call->values[0]);
	return SU_OK;
}

void http_value_audit(const struct http_call *call, struct txn *txn, const char *action,
	const char *subject, const char *detail_json)
{
	const struct audit_entry entry = {
		.at_ms = call->now_ms,
		.actor = call->actor->name,
		.action = action,
		.subject = subject,
		.detail_json = detail_json,
	};
	audit_store_append(txn, &entry);
}
