/* SPDX-License-Identifier: Apache-2.0 */
/* From digests to lifecycle events. */
#include "tracker/evidence.h"

static const char *describe(
	struct turn *turn, const char *what, const struct installed_component *wrong)
{
	char digest[DIGEST_TEXT_SIZE];
	digest_format(&wrong->digest, digest);
	return su_arena_printf(turn->arena, "%s: %s runs %s", what,
		component_id_format(turn->arena, wrong->id), digest);
}

void evidence_weigh(struct turn *turn, const struct characteristics *before, bool restarted)
{
	if (!turn->has_active || !turn->facts)
		return;
	const struct characteristics *told = &turn->device->told;
	const struct installed_component *wrong = NULL;
	enum proof_verdict verdict = proof_judge(&turn->facts->proof, told, &wrong);
	if (verdict == PROOF_HOLDS)
		turn_move(turn, EVENT_RUNS_NEW, NULL);
	if (verdict != PROOF_FAILS || !restarted || !wrong)
		return;
	if (proof_unchanged(&turn->facts->proof, before, told))
		turn_move(turn, EVENT_RUNS_OLD,
			describe(turn, "the old image is back after the reboot", wrong));
	else
		turn_move(turn, EVENT_RUNS_OTHER,
			describe(turn, "another image runs after the reboot", wrong));
}
