/* SPDX-License-Identifier: Apache-2.0 */
/* What the policy did, and why: one JSON object a line (docs/policy-simulator.md). */
#pragma once

#include "tools/sim_task.h"

/* Nothing without a trace. step NULL: what the device did. */
void sim_trace_write(const struct sim_task *task, size_t device, int64_t now_ms,
	const char *decision, const struct step *step);
