/* SPDX-License-Identifier: Apache-2.0 */
/* A device's answer to an offer: now, at T, or no; bounded by what its class lets it defer. */
#pragma once

#include "tracker/turn.h"

/* Moves turn->active, or notes the answer where it changes no state. SU_CONFLICT: there is no offer to answer.
 * latest_out: the device asked for more than its class allows, and is to be told this; else 0. */
enum su_status consent_take(struct turn *turn, const struct offer_answer *answer,
	int64_t *latest_out, struct su_error *err) SU_MUST_CHECK;
