/* SPDX-License-Identifier: Apache-2.0 */
/* Judging releases against one device: what is cheap first, the manifest last. */
#include "tracker/planner.h"

#include "base/memory.h"
#include "suit/fit.h"
#include "tracker/planner_memory.h"
#include "tracker/told.h"

/* What a judgement is made with. told has the sequence numbers filled in that we know. */
struct judge {
	const struct txn *txn;
	struct planner_memory *memory;
	struct su_arena *arena; /* of the answer */
	int64_t device_id;
	struct characteristics *told;
	int64_t now_ms;
};

enum verdict {
	VERDICT_FITS,
	VERDICT_RUNS_IT,
	VERDICT_NO, /* the reason says why */
};

static struct judge judge_for(
	const struct planner *planner, struct planner_memory *memory, const struct device *device)
{
	struct judge judge = {
		.txn = planner->txn,
		.memory = memory,
		.arena = planner->arena,
		.device_id = device->id,
		.told = su_arena_new_of(planner->arena, struct characteristics),
		.now_ms = planner->now_ms,
	};
	told_copy(planner->arena, &device->told, judge.told);
	planner_memory_installed(memory, judge.told);
	return judge;
}

/* The newest manifest that the device runs in any component that the release touches. */
static bool newest_installed(
	const struct judge *judge, const struct release *release, uint64_t *sequence_out)
{
	bool known = false;
	*sequence_out = 0;
	for (size_t i = 0; i < release->n_images; i++) {
		const struct installed_component *installed =
			characteristics_component(judge->told, release->images[i].component);
		if (!installed || !installed->has_sequence_number)
			continue;
		known = true;
		if (installed->sequence_number > *sequence_out)
			*sequence_out = installed->sequence_number;
	}
	return known;
}

/* What went before on this device: a failed release is not tried again by itself. */
static enum verdict judge_past(
	const struct judge *judge, const struct release *release, const char **reason)
{
	struct past_deployment past;
	if (!planner_memory_past(judge->memory, judge->device_id, &release->digest, &past))
		return VERDICT_FITS;
	const char *why = past.reason ? past.reason : "no reason given";
	if (past.state == DEPLOYMENT_FAILED)
		*reason = su_arena_printf(judge->arena, "it failed on this device before: %s", why);
	else if (past.state == DEPLOYMENT_REJECTED)
		*reason = su_arena_printf(judge->arena, "the device refused it before: %s", why);
	else if (past.state == DEPLOYMENT_CANCELLED)
		*reason = "its deployment to this device was cancelled";
	else
		return VERDICT_FITS;
	return VERDICT_NO;
}

/* The least room that will do: of several images for one component the device needs only one. */
static uint64_t room_needed(const struct survey *survey)
{
	uint64_t room = 0;
	for (size_t i = 0; i < survey->n_images; i++) {
		const struct survey_image *image = &survey->images[i];
		if (!image->has_size || !image->fetched)
			continue;
		uint64_t least = image->size_bytes;
		for (size_t k = 0; k < survey->n_images; k++) {
			const struct survey_image *other = &survey->images[k];
			if (other->component_index == image->component_index && other->fetched &&
				other->has_size && other->size_bytes < least)
				least = other->size_bytes;
		}
		if (least > room)
			room = least;
	}
	return room;
}

static enum verdict judge_manifest(const struct judge *judge, const struct release *release,
	struct proof *proof_out, const char **reason)
{
	struct su_arena *scratch su_auto(su_arena_free) = su_arena_new();
	const struct release_view *view;
	struct su_error error = { 0 };
	if (planner_memory_view(judge->memory, release, &view, &error) != SU_OK) {
		*reason = su_arena_printf(judge->arena, "%s cannot be read: %s",
			error.field[0] ? "what it depends on" : "its stored manifest", error.text);
		return VERDICT_NO;
	}
	if (proof_judge(&view->proof, judge->told) == PROOF_HOLDS) {
		*reason = "the device runs it already";
		return VERDICT_RUNS_IT;
	}
	const struct proof_component *newer = proof_find_newer(&view->proof, judge->told);
	if (newer) {
		*reason = su_arena_printf(judge->arena,
			"%s runs an image of a manifest newer than number %llu",
			component_id_format(judge->arena, newer->id),
			(unsigned long long)newer->sequence_number);
		return VERDICT_NO;
	}
	uint64_t room = room_needed(&view->survey);
	if (judge->told->has_free_memory && room > judge->told->free_memory_bytes) {
		*reason = su_arena_printf(judge->arena,
			"the image needs %llu bytes, the device has room for %llu",
			(unsigned long long)room,
			(unsigned long long)judge->told->free_memory_bytes);
		return VERDICT_NO;
	}
	if (fit_device(scratch, &view->envelope.manifest, judge->told, judge->now_ms, &error) !=
		SU_OK) {
		*reason = su_arena_strdup(judge->arena, error.text);
		return VERDICT_NO;
	}
	proof_put_before(judge->arena, proof_out, &view->proof); /* a copy that stays */
	return VERDICT_FITS;
}

/* proof_out: empty; filled when the release fits. */
static enum verdict judge_release(const struct judge *judge, const struct release *release,
	struct proof *proof_out, const char **reason)
{
	uint64_t installed;
	bool known = newest_installed(judge, release, &installed);
	if (known && release->sequence_number < installed) {
		*reason = su_arena_printf(judge->arena,
			"sequence number %llu is not newer than %llu, which the device runs",
			(unsigned long long)release->sequence_number,
			(unsigned long long)installed);
		return VERDICT_NO;
	}
	enum verdict verdict = judge_manifest(judge, release, proof_out, reason);
	/* One component may have got its number without the others: that is to be completed. */
	if (verdict == VERDICT_FITS && known && release->sequence_number == installed &&
		!proof_is_partial(proof_out, judge->told)) {
		*reason = "the device already runs a manifest with this sequence number";
		return VERDICT_RUNS_IT;
	}
	return verdict;
}

static void judge_candidates(
	const struct judge *judge, const struct device *device, struct plan *out)
{
	const struct release *releases = NULL;
	const size_t n = planner_memory_candidates(judge->memory, &device->told, &releases);
	out->candidates = su_arena_array(judge->arena, n, sizeof(*out->candidates));
	for (size_t i = 0; i < n && txn_ok(judge->txn); i++) {
		struct plan_candidate *candidate = &out->candidates[out->n_candidates++];
		candidate->release = releases[i];
		if (out->choice) {
			candidate->reason = "a newer release fits";
			continue;
		}
		enum verdict verdict = judge_past(judge, &releases[i], &candidate->reason);
		if (verdict == VERDICT_FITS)
			verdict = judge_release(
				judge, &releases[i], &candidate->proof, &candidate->reason);
		/* Goes on: an older number may be for components that this one does not touch. */
		out->up_to_date |= verdict == VERDICT_RUNS_IT;
		candidate->chosen = verdict == VERDICT_FITS;
		if (candidate->chosen)
			out->choice = candidate;
	}
	out->up_to_date &= !out->choice;
}

static struct planner_memory *memory_of_its_own(const struct planner *planner)
{
	return planner->memory ? NULL
			       : planner_memory_new(planner->txn, planner->blobs, planner->arena);
}

void planner_choose(const struct planner *planner, const struct device *device, struct plan *out)
{
	struct planner_memory *own su_auto(planner_memory_free) = memory_of_its_own(planner);
	const struct judge judge = judge_for(planner, own ? own : planner->memory, device);
	*out = (struct plan){ 0 };
	judge_candidates(&judge, device, out);
}

static enum su_status check_state(const struct release *release, struct su_error *err)
{
	switch (release->state) {
	case RELEASE_APPROVED:
		return SU_OK;
	case RELEASE_WITHDRAWN:
		return su_fail(err, SU_CONFLICT, "release", "is withdrawn");
	case RELEASE_INCOMPLETE:
		return su_fail(err, SU_CONFLICT, "release", "still lacks an image");
	case RELEASE_VERIFIED:
		break;
	}
	return su_fail(err, SU_CONFLICT, "release", "is not approved yet");
}

enum su_status planner_check(const struct planner *planner, const struct device *device,
	const struct release *release, struct su_error *err)
{
	SU_TRY(check_state(release, err));
	struct planner_memory *own su_auto(planner_memory_free) = memory_of_its_own(planner);
	const struct judge judge = judge_for(planner, own ? own : planner->memory, device);
	const char *reason = NULL;
	struct proof proof = { 0 };
	enum verdict verdict = judge_release(&judge, release, &proof, &reason);
	if (!txn_ok(planner->txn)) {
		*err = planner->txn->error;
		return err->status;
	}
	if (verdict != VERDICT_FITS)
		return su_fail(err, SU_CONFLICT, "release", "%s", reason);
	return SU_OK;
}
