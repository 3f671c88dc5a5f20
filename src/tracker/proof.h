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
	uint64_t sequence_number; /* of the manifest that installs it; the highest of several */
	size_t n_digests;
	struct digest *digests;
};

struct proof {
	uint64_t sequence_number;
	size_t n_components;
	struct proof_component *components;
	size_t n_touched; /* all components of the manifest, by index */
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
/* The components of below stand before those of proof then; what both have is there once. */
void proof_put_before(struct su_arena *arena, struct proof *proof, const struct proof *below);
enum proof_verdict proof_judge(const struct proof *proof, const struct characteristics *told);
enum proof_verdict proof_judge_component(
	const struct proof_component *component, const struct characteristics *told);
/* Some components run the release, and others something older. */
bool proof_is_partial(const struct proof *proof, const struct characteristics *told);
/* A component that runs something else, installed by a newer manifest; NULL: there is none. */
const struct proof_component *proof_find_newer(
	const struct proof *proof, const struct characteristics *told);
/* Whether nothing that the proof looks at differs between two tellings. */
bool proof_unchanged(const struct proof *proof, const struct characteristics *before,
	const struct characteristics *after);
