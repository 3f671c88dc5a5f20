/* SPDX-License-Identifier: Apache-2.0 */
/* When a device may be spoken to again, and when it is asked how far it is. */
#pragma once

#include "model/deployment.h"
#include "policy/decide.h"

/* When a command may be sent again that got no answer: later with each, so that a dead device costs
 * little; a device that sleeps is spoken to again whenever it wakes. 0: at any time. */
int64_t asking_again_ms(const struct deployment_plan *plan, const struct profile *profile);
/* When to ask a device that is at work how far it is; 0: not now. */
int64_t asking_progress_ms(const struct deployment *active, const struct situation *situation);
/* When to look again at one that is always there, and yet nobody here has it in reach: who gets it in reach tells,
 * so the longer it stands still, the later. */
int64_t asking_reach_ms(const struct deployment *active, int64_t now_ms);
