/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of operators, each in one transaction with its line in the audit log. */
#include "tracker/management.h"

#include "base/memory.h"
#include "store/audit_store.h"
#include "store/component_progress_store.h"
#include "store/deployment_store.h"
#include "store/device_store.h"
#include "store/plan_job_store.h"
#include "store/release_store.h"
#include "tracker/follow.h"
#include "tracker/lifecycle.h"
#include "tracker/planner.h"

/* Deployments that a withdrawal ends in one transaction; more follow in further ones. */
#define WITHDRAW_BATCH 500
#define ATTEMPTS       10

static void audit(struct txn *txn, const struct command_origin *origin, const char *action,
	const char *subject)
{
	const struct audit_entry entry = {
		.at_ms = origin->now_ms,
		.actor = origin->actor,
		.action = action,
		.subject = subject,
	};
	audit_store_append(txn, &entry);
}

static void audit_digest(struct txn *txn, const struct command_origin *origin, const char *action,
	const struct digest *digest)
{
	char text[DIGEST_TEXT_SIZE];
	digest_format(digest, text);
	audit(txn, origin, action, text);
}

static void get_release(struct txn *txn, struct su_arena *arena, const struct digest *digest,
	int64_t if_version, struct release *out)
{
	if (!release_store_get(txn, arena, digest, out))
		txn_fail(txn, SU_NOT_FOUND, "release", "there is no such release");
	else if (if_version != 0 && out->row_version != if_version)
		txn_fail(txn, SU_STALE, "", "the release has changed in the meantime");
}

static void end_deployment(struct txn *txn, struct su_arena *arena, struct deployment *deployment,
	const struct command_origin *origin)
{
	struct deployment_history step;
	if (lifecycle_apply(deployment, EVENT_WITHDRAW, origin->actor, "the release was withdrawn",
		    origin->now_ms, &step) != LIFECYCLE_MOVE)
		return;
	deployment_store_update(txn, deployment, &step);
	const char *endpoint = device_store_endpoint(txn, arena, deployment->device_id);
	if (endpoint)
		deployment_store_notify(txn, endpoint);
}

/* One page of the release's deployments; false: that was the last. */
static bool end_some(struct txn *txn, const struct digest *release, int64_t *after_device,
	const struct command_origin *origin)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	const struct deployment_page page = { *after_device, WITHDRAW_BATCH };
	struct deployment *found;
	size_t n = deployment_store_of_release(txn, arena, release, &page, &found);
	for (size_t i = 0; i < n && txn_ok(txn); i++)
		end_deployment(txn, arena, &found[i], origin);
	if (n > 0)
		*after_device = found[n - 1].device_id;
	return n == WITHDRAW_BATCH;
}

/*
 * The release is withdrawn by now, so nothing new begins. A page that collides with a device's own
 * message is done again; what a crash or a broken connection leaves is for the sweep (tracker/sweep.h).
 */
static enum su_status end_rest(struct store_conn *conn, const struct digest *release,
	int64_t after_device, const struct command_origin *origin, struct su_error *err)
{
	unsigned collisions = 0;
	for (bool more = true; more;) {
		int64_t next = after_device;
		struct txn txn = txn_begin(conn);
		more = end_some(&txn, release, &next, origin);
		enum su_status status = txn_commit(&txn, err);
		if (status == SU_STALE && ++collisions < ATTEMPTS) {
			more = true;
			continue;
		}
		SU_TRY(status);
		after_device = next;
	}
	return SU_OK;
}

enum su_status management_withdraw(struct store_conn *conn, struct su_arena *arena,
	const struct digest *release, int64_t if_version, const struct command_origin *origin,
	struct release *out, struct su_error *err)
{
	struct txn txn = txn_begin(conn);
	get_release(&txn, arena, release, if_version, out);
	if (txn_ok(&txn) && out->state != RELEASE_WITHDRAWN) {
		release_store_set_state(
			&txn, out, RELEASE_WITHDRAWN, origin->actor, origin->now_ms);
		audit_digest(&txn, origin, "release.withdraw", release);
		release_store_get(&txn, arena, release, out);
	}
	SU_TRY(txn_commit(&txn, err));
	return end_rest(conn, release, 0, origin, err);
}

static bool may_be_replaced(const struct deployment *active)
{
	return lifecycle_next(active->state, EVENT_SUPERSEDE).verdict == LIFECYCLE_MOVE;
}

/* A deployment that has not begun gives way to the one that the operator wants. */
static void make_way(struct txn *txn, struct su_arena *arena, int64_t device_id,
	const struct digest *release, const struct command_origin *origin)
{
	struct deployment active;
	if (!deployment_store_active(txn, arena, device_id, &active))
		return;
	struct deployment_history step;
	/* One that the planner was faster with does not count: what an operator names is not taken back. */
	bool is_same = digest_equal(&active.release, release);
	if (is_same && (active.named_by_operator || !may_be_replaced(&active)))
		txn_fail(txn, SU_CONFLICT, "release", "is being deployed to this device already");
	else if (lifecycle_apply(&active, EVENT_SUPERSEDE, origin->actor,
			 is_same ? "an operator named this release"
				 : "an operator named another release",
			 origin->now_ms, &step) != LIFECYCLE_MOVE)
		txn_fail(txn, SU_CONFLICT, "", "another deployment is %s on this device",
			name_of(deployment_state_names, active.state));
	else
		deployment_store_update(txn, &active, &step);
}

static void insert_named(struct txn *txn, int64_t device_id, const struct digest *release,
	const struct command_origin *origin, struct deployment *out)
{
	*out = (struct deployment){
		.id = su_uuid_v7(origin->now_ms),
		.device_id = device_id,
		.release = *release,
		.state = DEPLOYMENT_PLANNED,
		.mode = MODE_CLIENT,
		.named_by_operator = true,
		.created_at_ms = origin->now_ms,
		.changed_at_ms = origin->now_ms,
		.row_version = 1,
		.plan.urgency = URGENCY_NORMAL, /* until it is looked at, at once */
		.plan.look_ms = origin->now_ms,
	};
	const struct deployment_history first = {
		.at_ms = origin->now_ms,
		.from = DEPLOYMENT_PLANNED,
		.to = DEPLOYMENT_PLANNED,
		.event = "deploy",
		.actor = origin->actor,
	};
	deployment_store_insert(txn, out, &first);
}

static void insert_components(struct txn *txn, struct blob_store *blobs, struct su_arena *arena,
	const struct device *device, const struct deployment *deployment)
{
	struct release_facts *facts su_auto(release_facts_unref) = NULL;
	struct su_error why;
	if (release_facts_load(txn, blobs, &deployment->release, &facts, &why) != SU_OK) {
		txn_fail(txn, why.status, why.field, "%s", why.text);
		return;
	}
	const struct component_progress *rows =
		follow_judge(arena, &facts->proof, &device->told, deployment->created_at_ms);
	component_progress_store_put(txn, deployment->id, rows, facts->proof.n_components);
}

struct order {
	struct blob_store *blobs;
	struct su_arena *arena;
	const struct command_origin *origin;
	const char *endpoint;
	const struct digest *release;
	struct su_uuid id;
	struct deployment *out;
};

/*
 * Messages of the device and the planner write the same rows at any time. What came between is no fault of
 * the operator's: the command looks again, and a conflict that is one is found again.
 */
static enum su_status run(
	struct store_conn *conn, txn_body_fn body, struct order *order, struct su_error *err)
{
	enum su_status status = SU_STALE;
	for (int n = 0; n < ATTEMPTS && (status == SU_STALE || status == SU_CONFLICT); n++)
		status = txn_retry(conn, body, order, err);
	return status;
}

static void deploy(struct txn *txn, void *arg)
{
	const struct order *order = arg;
	struct su_arena *arena = order->arena;
	struct device *device = su_arena_new_of(arena, struct device);
	struct release wanted;
	struct su_error why = { 0 };
	if (!device_store_get(txn, arena, order->endpoint, device) || device->removed_at_ms != 0)
		txn_fail(txn, SU_NOT_FOUND, "endpoint", "there is no such device");
	get_release(txn, arena, order->release, 0, &wanted);
	const struct planner planner = { txn, order->blobs, arena, order->origin->now_ms, NULL };
	if (txn_ok(txn) && planner_check(&planner, device, &wanted, &why) != SU_OK)
		txn_fail(txn, why.status, why.field, "%s", why.text);
	if (txn_ok(txn))
		make_way(txn, arena, device->id, order->release, order->origin);
	if (txn_ok(txn))
		insert_named(txn, device->id, order->release, order->origin, order->out);
	if (txn_ok(txn))
		insert_components(txn, order->blobs, arena, device, order->out);
	audit(txn, order->origin, "deployment.create", order->endpoint);
	deployment_store_notify(txn, order->endpoint);
}

enum su_status management_deploy(struct store_conn *conn, struct blob_store *blobs,
	struct su_arena *arena, const char *endpoint, const struct digest *release,
	const struct command_origin *origin, struct deployment *out, struct su_error *err)
{
	struct order order = {
		.blobs = blobs,
		.arena = arena,
		.origin = origin,
		.endpoint = endpoint,
		.release = release,
		.out = out,
	};
	return run(conn, deploy, &order, err);
}

static void cancel(struct txn *txn, void *arg)
{
	const struct order *order = arg;
	struct deployment *deployment = order->out;
	struct deployment_history step;
	char id[SU_UUID_TEXT_SIZE];
	if (!deployment_store_get(txn, order->arena, order->id, deployment)) {
		txn_fail(txn, SU_NOT_FOUND, "deployment", "there is no such deployment");
		return;
	}
	if (lifecycle_apply(deployment, EVENT_CANCEL, order->origin->actor,
		    "an operator cancelled it", order->origin->now_ms, &step) != LIFECYCLE_MOVE)
		txn_fail(txn, SU_CONFLICT, "state", "the deployment is %s already",
			name_of(deployment_state_names, deployment->state));
	else
		deployment_store_update(txn, deployment, &step);
	const char *endpoint = device_store_endpoint(txn, order->arena, deployment->device_id);
	if (endpoint)
		deployment_store_notify(txn, endpoint);
	su_uuid_format(order->id, id);
	audit(txn, order->origin, "deployment.cancel", id);
}

enum su_status management_cancel(struct store_conn *conn, struct su_arena *arena,
	struct su_uuid deployment, const struct command_origin *origin, struct deployment *out,
	struct su_error *err)
{
	struct order order = { .arena = arena, .origin = origin, .id = deployment, .out = out };
	SU_TRY(run(conn, cancel, &order, err));
	out->row_version++;
	return SU_OK;
}
