/* SPDX-License-Identifier: Apache-2.0 */
/* A device's answer to an offer: now, at T, or no; bounded by what its class lets it defer. */
#pragma once

#include "policy/level.h"
#include "tracker/turn.h"

/* The last moment that the class lets an answer name: its longest deferral, and its deadline while that
 * lies ahead; with no deferral left what was promised, or now. Offers carry it. */
int64_t consent_latest_ms(
	const struct deployment_plan *plan, const struct level *level, int64_t now_ms);
/* Has it said "later" or "no" since it was told something? */
bool consent_has_put_off(const struct deployment_plan *plan);
/* Moves turn->active, or notes the answer where it changes no state; writes nothing where it only repeats
 * the last answer without having been asked again. SU_CONFLICT: there is no offer to answer.
 * latest_out: the device asked for more than its class allows, and is to be told this; else 0. */
enum su_status consent_take(struct turn *turn, const struct offer_answer *answer,
	int64_t *latest_out, struct su_error *err) SU_MUST_CHECK;
