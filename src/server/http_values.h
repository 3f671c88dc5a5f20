/* SPDX-License-Identifier: Apache-2.0 */
/* Path values, cursors and audit entries, as several resources need them. */
#pragma once

#include "model/digest.h"
#include "server/http_call.h"
#include "store/txn.h"

/* call->values[0] as what it must be. A text that is none names nothing: SU_NOT_FOUND. */
enum su_status http_value_uuid(
	const struct http_call *call, struct su_uuid *out, struct su_error *err) SU_MUST_CHECK;
enum su_status http_value_digest(
	const struct http_call *call, struct digest *out, struct su_error *err) SU_MUST_CHECK;

/* The actor's deed, in the transaction of the deed. detail_json: an object, or NULL. */
void http_value_audit(const struct http_call *call, struct txn *txn, const char *action,
	const char *subject, const char *detail_json);
