/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device must report before its deployment counts as done: the digests that the release
 * gives for its components. Components that only stage a payload on the way are left out.
 */
#pragma once

#include "base/arena.h"
#include "model/device.h"
#include "suit/survey.h"

/* Any of the digests will do: a manifest with alternatives gives several for one component. */
struct proof_component {
	struct component_id id;
	size_t n_digests;
	struct digest *digests;
};

struct proof {
	uint64_t sequence_number;
	size_t n_components;
	struct proof_component *components;
	size_t n_touched; /* all components of the manifest, for a manifest that gives no digest */
	struct component_id *touched;
};

enum proof_verdict {
	PROOF_OPEN,  /* the device did not say enough */
	PROOF_HOLDS, /* it runs the release */
	PROOF_FAILS, /* it runs something else in at least one component */
};

/* Integrated dependencies count as well. Copies what it keeps into arena. */
enum su_status proof_collect(struct su_arena *arena, const struct envelope *envelope,
	const struct survey *survey, struct proof *out, struct su_error *err) SU_MUST_CHECK;
/* wrong_out (NULL allowed): with PROOF_FAILS a component that runs something else. */
enum proof_verdict proof_judge(const struct proof *proof, const struct characteristics *told,
	const struct installed_component **wrong_out);
/* Whether nothing that the proof looks at differs between two tellings. */
bool proof_unchanged(const struct proof *proof, const struct characteristics *before,
	const struct characteristics *after);
