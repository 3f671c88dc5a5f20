/* SPDX-License-Identifier: Apache-2.0 */
/* Releases as JSON with who must approve them, who did, and who is missing. */
#pragma once

#include <jansson.h>

#include "model/approval.h"
#include "model/release.h"
#include "server/http_call.h"

/* given: by approval_store_list. */
json_t *http_approvals_view(
	struct http_call *call, const struct release *release, const struct approvals *given);
/* Reads them itself. */
enum su_status http_approvals_show(struct http_call *call, const struct release *release,
	json_t **view_out, struct su_error *err) SU_MUST_CHECK;
