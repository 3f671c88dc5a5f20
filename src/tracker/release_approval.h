/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who must agree to a release by the policy in force, who did, and what follows when all have: it is
 * approved. A policy that asks for nobody approves what comes in by itself; one that is put into force
 * later changes what is missing, but approves nothing that waits already.
 */
#pragma once

#include "model/approval.h"
#include "model/release.h"
#include "policy/decide.h"
#include "store/txn.h"

struct policy_holder;

/* For what is decided (approved, withdrawn): who gave it, and no rule. Bits (1 << enum approver). */
struct approval_standing {
	unsigned needed, missing;
	struct choice_reason reason; /* rule NULL: none was asked */
	const struct approvals *given;
};
/* policies NULL: an operator must agree. Texts live in arena. */
struct approval_standing release_approval_look(struct policy_holder *policies,
	struct su_arena *arena, const struct release *release, const struct approvals *given,
	int64_t now_ms);

struct approval_request {
	const struct digest *release;
	int64_t if_version; /* 0: any */
	const char *actor;
	unsigned capabilities; /* what the actor's role may do */
	int64_t now_ms;
	struct policy_holder *policies;
};
/*
 * Adds the approvals that the actor can give and that are missing, with a line in the audit log; those of
 * an administrator stand for all. SU_DENIED: the policy asks for somebody else; SU_CONFLICT says
 * why the release cannot be approved. Approving again is no error. out is the release afterwards.
 */
enum su_status release_approval_give(struct store_conn *conn, struct su_arena *arena,
	const struct approval_request *request, struct release *out,
	struct su_error *err) SU_MUST_CHECK;

/* For a release that has become complete: approves it if the policy asks for nobody. */
bool release_approval_by_policy(struct txn *txn, struct policy_holder *policies,
	const struct digest *release, int64_t now_ms);
