/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SUIT_Reports: opened, verified and compared with the manifest on a worker, then taken as an event
 * of the deployment. The report is kept as it came.
 */
#include "store/anchor_store.h"
#include "store/deployment_store.h"
#include "tracker/follow.h"
#include "tracker/report_verify.h"
#include "tracker/turn.h"

struct report_turn {
	struct turn turn;
	struct su_span body;
	tracker_done_fn done;
	void *arg;
	/* Worked out on the worker. */
	struct report report;
	struct report_origin origin;
	struct deployment deployment; /* that it is about */
	struct release_facts *about;  /* of its release */
	struct report_row row;
	struct su_uuid anchor_id;
};

static void on_finish(struct turn *turn, const struct su_error *err)
{
	struct report_turn *self = (struct report_turn *)turn;
	release_facts_unref(&self->about);
	self->done(self->arg, err);
}

static void on_committed(struct turn *turn)
{
	turn_end(turn, NULL);
}

static enum su_status find_deployment(
	struct report_turn *self, struct txn *txn, struct su_error *err)
{
	struct turn *turn = &self->turn;
	const struct digest *release = &self->report.manifest_digest;
	if (turn->has_active && digest_equal(&turn->active.release, release))
		self->deployment = turn->active;
	else if (!deployment_store_latest(
			 txn, turn->arena, turn->device->id, release, &self->deployment) &&
		 txn_ok(txn))
		return su_fail(err, SU_NOT_FOUND, "reference",
			"names a manifest that was never deployed to this device");
	if (!txn_ok(txn)) {
		*err = txn->error;
		return err->status;
	}
	if (self->deployment.state == DEPLOYMENT_PLANNED)
		return su_fail(err, SU_NOT_FOUND, "reference",
			"names a manifest that was not shown to this device yet");
	return release_facts_load(txn, turn->tracker->opts.blobs, release, &self->about, err);
}

static enum su_status judge(struct report_turn *self, struct txn *txn, struct su_error *err)
{
	struct turn *turn = &self->turn;
	struct trust_anchor *anchors = NULL;
	size_t n = anchor_store_of_device(txn, turn->arena, turn->contact.endpoint, &anchors);
	if (!txn_ok(txn)) {
		*err = txn->error;
		return err->status;
	}
	SU_TRY(report_verify(turn->arena, self->body, turn->contact.authenticated, anchors, n,
		&self->report, &self->origin, err));
	SU_TRY(find_deployment(self, txn, err));
	return release_facts_check_report(self->about, &self->report, err);
}

static void judge_on_worker(struct turn *turn, struct store_conn *conn)
{
	struct report_turn *self = (struct report_turn *)turn;
	struct txn txn = txn_begin(conn);
	if (judge(self, &txn, &turn->error) != SU_OK)
		txn_rollback(&txn);
	else if (txn_commit(&txn, &turn->error) == SU_OK)
		turn->error.status = SU_OK;
}

/* The digests that an authenticated report claims are as good as those of a registration. */
static bool claims_prove(struct report_turn *self)
{
	struct turn *turn = &self->turn;
	if (!self->origin.is_authentic || !self->report.success)
		return false;
	struct characteristics claimed = turn->device->told;
	report_claims_apply(&self->report, self->about->sequence_number, &claimed);
	if (self->about->proof.n_components == 0 ||
		proof_judge(&self->about->proof, &claimed) != PROOF_HOLDS)
		return false;
	turn->device->told = claimed;
	turn->write.write_device = true;
	turn->write.write_components = true;
	turn->rejudge = true;
	return true;
}

static void move(struct report_turn *self)
{
	struct turn *turn = &self->turn;
	if (claims_prove(self))
		turn_move(turn, EVENT_RUNS_NEW, "proven by the report's claims");
	else if (self->report.success)
		turn_move(turn, EVENT_REPORT_SUCCESS, NULL);
	else if (self->report.reason == REASON_INVOKE_PENDING)
		turn_move(turn, EVENT_INSTALL_BEGAN, "invocation is pending");
	else
		turn_move(turn, EVENT_REPORT_FAILURE, self->row.reason);
}

/* The component at which the device stopped; those of dependencies are not told apart. */
static void blame(struct report_turn *self)
{
	const struct report_record *failed = &self->report.failed_record;
	const struct proof *proof = &self->about->proof;
	if (self->report.success || self->report.reason == REASON_INVOKE_PENDING ||
		!self->report.has_failed_record || failed->n_manifest_id > 0 ||
		failed->component_index >= proof->n_touched)
		return;
	const struct blame blame = {
		.deployment = self->deployment.id,
		.proof = proof,
		.component = proof->touched[failed->component_index],
		.detail = self->row.reason,
	};
	follow_blame(&self->turn, &blame);
}

static void on_judged(struct turn *turn)
{
	struct report_turn *self = (struct report_turn *)turn;
	if (turn->error.status != SU_OK) {
		turn_end(turn, &turn->error);
		return;
	}
	self->anchor_id = self->origin.anchor_id;
	self->row = (struct report_row){
		.id = su_uuid_v7(turn->contact.now_ms),
		.deployment_id = &self->deployment.id,
		.received_at_ms = turn->contact.now_ms,
		.payload = self->body,
		.authentication = self->origin.authentication,
		.anchor_id = self->origin.is_signed ? &self->anchor_id : NULL,
		.success = self->report.success,
		.reason = report_verify_describe(turn->arena, &self->report),
	};
	turn->write.report = &self->row;
	/* A late report about a deployment that is over is kept, and moves nothing. */
	if (turn->has_active && su_uuid_equal(self->deployment.id, turn->active.id))
		move(self);
	blame(self);
	turn_note_contact(turn);
	turn_commit(turn);
}

static void begin(struct turn *turn)
{
	struct report_turn *self = (struct report_turn *)turn;
	struct su_error error;
	release_facts_unref(&self->about);
	if (turn_check_device(turn, &error) != SU_OK)
		turn_end(turn, &error);
	else
		turn_send_to_worker(turn, judge_on_worker, on_judged);
}

static const struct turn_kind kind_report = { begin, on_committed, on_finish };

void tracker_report(struct tracker *tracker, const struct contact *contact, struct su_span body,
	tracker_done_fn done, void *arg)
{
	struct report_turn *self = turn_new(tracker, contact, &kind_report, sizeof(*self));
	self->body = su_arena_copy(self->turn.arena, body);
	self->done = done;
	self->arg = arg;
	turn_enqueue_take(&self->turn);
}
