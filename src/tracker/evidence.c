/* SPDX-License-Identifier: Apache-2.0 */
/* From digests to lifecycle events. */
#include "tracker/evidence.h"

#include "tracker/follow.h"

struct tally {
	size_t confirmed, reverted, other;
	const struct component_progress *wrong; /* one that runs another image, else an old one */
};

static bool runs_the_same(
	const struct characteristics *before, const struct component_progress *now)
{
	const struct installed_component *was = characteristics_component(before, now->id);
	return was && digest_equal(&was->digest, &now->reported);
}

/* ended: the installation is over. What does not run the new image then runs the old one, or one that
 * nobody asked for. */
static struct tally count(struct turn *turn, const struct characteristics *before, bool ended)
{
	const struct proof *proof = &turn->facts->proof;
	struct component_progress *rows = follow_components(turn);
	struct tally tally = { 0 };
	for (size_t i = 0; i < proof->n_components; i++) {
		bool fails = proof_judge_component(&proof->components[i], &turn->device->told) ==
			     PROOF_FAILS;
		bool same = runs_the_same(before, &rows[i]);
		if (fails && ended)
			rows[i].state = same ? COMPONENT_REVERTED : COMPONENT_OTHER;
		if (fails && (!tally.wrong || !same))
			tally.wrong = &rows[i];
		tally.confirmed += rows[i].state == COMPONENT_CONFIRMED;
		tally.reverted += rows[i].state == COMPONENT_REVERTED;
		tally.other += rows[i].state == COMPONENT_OTHER;
	}
	return tally;
}

static const char *describe(
	struct turn *turn, const char *what, const struct component_progress *wrong)
{
	char digest[DIGEST_TEXT_SIZE];
	digest_format(&wrong->reported, digest);
	return su_arena_printf(turn->arena, "%s: %s runs %s", what,
		component_id_format(turn->arena, wrong->id), digest);
}

static const char *describe_part(struct turn *turn)
{
	return su_arena_printf(turn->arena,
		"partial: %s%s runs the release after the reboot, %s still the old image",
		turn->facts->all_or_nothing ? "all or nothing was asked for, but " : "",
		follow_list(turn, COMPONENT_CONFIRMED), follow_list(turn, COMPONENT_REVERTED));
}

/* The first word of the reason is the same for all of its kind: docs/device-integration.md lists them. */
static void judge_end(struct turn *turn, const struct tally *tally, bool changed)
{
	if (tally->other > 0)
		turn_move(turn, EVENT_RUNS_OTHER,
			describe(turn, "other_digest: another image runs after the reboot",
				tally->wrong));
	else if (tally->confirmed > 0 && changed)
		turn_move(turn, EVENT_RUNS_OTHER, describe_part(turn));
	else
		turn_move(turn, EVENT_RUNS_OLD,
			describe(turn, "reverted: the old image is back after the reboot",
				tally->wrong));
}

/* Some run it now, and the others have time: a step of the history, and a sign of life. */
static void note_part(struct turn *turn)
{
	turn_note(turn, "runs_part",
		su_arena_printf(turn->arena, "%s runs the release, %s not yet",
			follow_list(turn, COMPONENT_CONFIRMED),
			follow_list(turn, COMPONENT_PENDING)));
	lifecycle_renew(&turn->active, turn->contact.now_ms);
}

void evidence_weigh(struct turn *turn, const struct characteristics *before, bool restarted)
{
	if (!turn->has_active || !turn->facts)
		return;
	const struct proof *proof = &turn->facts->proof;
	const struct characteristics *told = &turn->device->told;
	bool ended = restarted && turn->active.state == DEPLOYMENT_REBOOTING;
	const struct tally tally = count(turn, before, ended);
	bool changed = !proof_unchanged(proof, before, told);
	if (proof_judge(proof, told) == PROOF_HOLDS)
		turn_move(turn, EVENT_RUNS_NEW, NULL);
	else if (tally.reverted + tally.other > 0)
		judge_end(turn, &tally, changed);
	else if (tally.confirmed > 0 && changed)
		note_part(turn);
}
