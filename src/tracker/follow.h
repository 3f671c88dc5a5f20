/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of each component of a deployment, as far as its device has told. */
#pragma once

#include "tracker/turn.h"

/* In the order of proof, which has to live as long; in arena. */
struct component_progress *follow_judge(struct su_arena *arena, const struct proof *proof,
	const struct characteristics *told, int64_t now_ms);

/* The components of turn->active, made part of the write; once they are, the same again. Their number
 * is that of turn->facts->proof, which must be there. */
struct component_progress *follow_components(struct turn *turn);
/* A component of this deployment, in flight or over, of which the device says that it did not work. No
 * effect on one that the release does not touch, or that is confirmed. */
struct blame {
	struct su_uuid deployment;
	const struct proof *proof; /* of its release; lives as long as the turn */
	struct component_id component;
	const char *detail;
};
void follow_blame(struct turn *turn, const struct blame *blame);
/* "['radio'], ['app']": those in this state. */
const char *follow_list(struct turn *turn, enum component_state state);
/* Whether the next try has to bring this image: not what runs already, unless the release goes all or
 * nothing. */
bool follow_needs(const struct turn *turn, const struct command_image *image);
