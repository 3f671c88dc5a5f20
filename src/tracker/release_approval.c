/* SPDX-License-Identifier: Apache-2.0 */
/* Approvals are rows; that which completes them moves the release in the same transaction. */
#include "tracker/release_approval.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/memory.h"
#include "model/role.h"
#include "store/approval_store.h"
#include "store/audit_store.h"
#include "store/plan_job_store.h"
#include "store/release_store.h"
#include "tracker/policy_holder.h"

#define BY_ITSELF "suitd"

static const struct {
	enum approver approver;
	enum role role;
	unsigned capability;
} people[] = {
	{ APPROVER_OPERATOR, ROLE_OPERATOR, CAN_OPERATE },
	{ APPROVER_NETWORK_OPERATOR, ROLE_NETWORK_OPERATOR, CAN_APPROVE_NETWORK },
};
#define N_PEOPLE (sizeof(people) / sizeof(people[0]))

static bool is_decided(const struct release *release)
{
	return release->state == RELEASE_APPROVED || release->state == RELEASE_WITHDRAWN;
}

static unsigned given_bits(const struct approvals *given)
{
	unsigned bits = 0;
	for (size_t i = 0; i < given->n; i++)
		bits |= 1U << given->list[i].as;
	return bits;
}

static unsigned needed_bits(const struct policy *policy, struct su_arena *arena,
	const struct release *release, int64_t now_ms, struct choice_reason *reason_out)
{
	struct facts facts = { .now_ms = now_ms, .release = release };
	unsigned bits = 0;
	facts_sum_up(&facts, 0);
	unsigned roles = policy_approvals(policy, &facts, arena, reason_out);
	for (size_t i = 0; i < N_PEOPLE; i++)
		if (roles & (1U << people[i].role))
			bits |= 1U << people[i].approver;
	return bits;
}

struct approval_standing release_approval_look(struct policy_holder *policies,
	struct su_arena *arena, const struct release *release, const struct approvals *given,
	int64_t now_ms)
{
	struct approval_standing standing = { .given = given };
	const unsigned have = given_bits(given);
	if (is_decided(release)) {
		standing.needed = have & ~(1U << APPROVER_POLICY);
		return standing;
	}
	if (!policies) {
		standing.needed = 1U << APPROVER_OPERATOR;
		standing.reason = (struct choice_reason){ "default", "there is no policy" };
	} else {
		struct policy_use use su_auto(policy_holder_done) = policy_holder_use(policies);
		standing.needed = needed_bits(use.policy, arena, release, now_ms, &standing.reason);
		standing.reason.rule = su_arena_strdup(arena, standing.reason.rule);
		standing.reason.because = su_arena_strdup(arena, standing.reason.because);
	}
	standing.missing = standing.needed & ~have;
	return standing;
}

static void check_approvable(struct txn *txn, struct su_arena *arena, const struct release *release)
{
	if (release->state == RELEASE_WITHDRAWN)
		txn_fail(txn, SU_CONFLICT, "state", "the release is withdrawn");
	if (release->state != RELEASE_INCOMPLETE)
		return;
	for (size_t i = 0; i < release->n_images; i++) {
		const char *problem = release_image_problem(arena, &release->images[i]);
		if (!problem)
			continue;
		char text[DIGEST_TEXT_SIZE];
		digest_format(&release->images[i].digest, text);
		txn_fail(txn, SU_CONFLICT, "state", "the release is incomplete: the image %s %s",
			text, problem);
	}
	txn_fail(txn, SU_CONFLICT, "state", "the release is incomplete");
}

static json_t *approver_list(unsigned bits)
{
	json_t *list = json_array();
	for (int i = 0; i < APPROVER_COUNT; i++)
		if (bits & (1U << i))
			json_array_append_new(list, json_string(name_of(approver_names, i)));
	return list;
}

/* An approval on its way into the database. */
struct agreement {
	const struct release *release;
	const struct approval_standing *standing;
	unsigned give; /* bits (1 << enum approver) */
	const char *actor;
	int64_t now_ms;
};

static void audit(struct txn *txn, const struct agreement *agreement)
{
	char subject[DIGEST_TEXT_SIZE];
	const struct choice_reason *reason = &agreement->standing->reason;
	json_t *detail = json_pack("{s:o, s:o, s:s?, s:s?}", "as", approver_list(agreement->give),
		"missing", approver_list(agreement->standing->missing & ~agreement->give), "rule",
		reason->rule, "because", reason->because);
	char *text su_auto(su_free_ptr) = detail ? json_dumps(detail, JSON_COMPACT) : NULL;
	json_decref(detail);
	digest_format(&agreement->release->digest, subject);
	const struct audit_entry entry = {
		.at_ms = agreement->now_ms,
		.actor = agreement->actor,
		.action = "release.approve",
		.subject = subject,
		.detail_json = text,
	};
	audit_store_append(txn, &entry);
}

static void take_agreement(
	struct txn *txn, struct su_arena *arena, const struct agreement *agreement)
{
	const struct digest *digest = &agreement->release->digest;
	const struct choice_reason *reason = &agreement->standing->reason;
	for (int i = 0; i < APPROVER_COUNT; i++) {
		const struct approval approval = {
			.as = (enum approver)i,
			.by = agreement->actor,
			.at_ms = agreement->now_ms,
			.reason = su_arena_printf(arena, "%s: %s", reason->rule, reason->because),
		};
		if (agreement->give & (1U << i))
			approval_store_insert(txn, digest, &approval);
	}
	if (agreement->standing->missing & ~agreement->give) {
		approval_store_note(txn, digest);
	} else {
		release_store_set_state(txn, agreement->release, RELEASE_APPROVED, agreement->actor,
			agreement->now_ms);
		plan_job_store_add(txn, digest, agreement->now_ms);
	}
	audit(txn, agreement);
}

static bool get_standing(struct txn *txn, struct su_arena *arena,
	const struct approval_request *request, struct release *release,
	struct approval_standing *out)
{
	struct approvals *given;
	approval_store_lock(txn, request->release);
	if (!release_store_get(txn, arena, request->release, release)) {
		txn_fail(txn, SU_NOT_FOUND, "release", "there is no such release");
		return false;
	}
	if (request->if_version != 0 && release->row_version != request->if_version)
		txn_fail(txn, SU_STALE, "", "the release has changed in the meantime");
	approval_store_list(txn, arena, release, 1, &given);
	*out = release_approval_look(request->policies, arena, release, given, request->now_ms);
	return txn_ok(txn);
}

/* What the actor adds; a release that needs nobody is approved by the policy as soon as somebody asks. */
static unsigned choose(struct txn *txn, const struct approval_request *request,
	const struct approval_standing *standing)
{
	unsigned may = 0;
	if (!standing->needed)
		return 1U << APPROVER_POLICY;
	for (size_t i = 0; i < N_PEOPLE; i++)
		if (request->capabilities & people[i].capability)
			may |= 1U << people[i].approver;
	if (!(standing->needed & may))
		txn_fail(txn, SU_DENIED, "", "the policy (%.60s) asks for the approval of the %s",
			standing->reason.rule,
			standing->needed & (1U << APPROVER_OPERATOR) ? "operator"
								     : "network_operator");
	return standing->missing & may;
}

enum su_status release_approval_give(struct store_conn *conn, struct su_arena *arena,
	const struct approval_request *request, struct release *out, struct su_error *err)
{
	struct approval_standing standing;
	struct txn txn = txn_begin(conn);
	if (!get_standing(&txn, arena, request, out, &standing) || out->state == RELEASE_APPROVED)
		return txn_commit(&txn, err);
	check_approvable(&txn, arena, out);
	const struct agreement agreement = {
		.release = out,
		.standing = &standing,
		.give = choose(&txn, request, &standing),
		.actor = request->actor,
		.now_ms = request->now_ms,
	};
	if (txn_ok(&txn) && (agreement.give || !standing.missing)) {
		take_agreement(&txn, arena, &agreement);
		release_store_get(&txn, arena, request->release, out);
	}
	return txn_commit(&txn, err);
}

bool release_approval_by_policy(struct txn *txn, struct policy_holder *policies,
	const struct digest *release, int64_t now_ms)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	const struct approval_request request = {
		.release = release, .now_ms = now_ms, .policies = policies
	};
	struct release found;
	struct approval_standing standing;
	if (!get_standing(txn, arena, &request, &found, &standing) ||
		found.state != RELEASE_VERIFIED || standing.needed)
		return false;
	const struct agreement agreement = {
		.release = &found,
		.standing = &standing,
		.give = 1U << APPROVER_POLICY,
		.actor = BY_ITSELF,
		.now_ms = now_ms,
	};
	take_agreement(txn, arena, &agreement);
	return txn_ok(txn);
}
