/* SPDX-License-Identifier: Apache-2.0 */
/* The ordered lists of rules as they stand in the policy document. */
#pragma once

#include "policy/document.h"
#include "policy/member.h"

/* Each list may be absent: then it has no rules. */
enum su_status document_rules_read(
	const struct member *document, struct policy *out, struct su_error *err) SU_MUST_CHECK;
