/* SPDX-License-Identifier: Apache-2.0 */
/* The figures of a simulation: for programs and for terminals. */
#pragma once

#include <jansson.h>

#include "tools/sim_task.h"
#include "tools/sim_world.h"

enum sim_strategy { SIM_POLICY, SIM_POLL_ONLY, SIM_PUSH_AT_ONCE, SIM_CLAIRVOYANT };
#define SIM_STRATEGIES (SIM_CLAIRVOYANT + 1)
extern const struct name_row sim_strategy_names[];

struct sim_outcome {
	const struct sim_task *task;
	struct sim_result results[SIM_STRATEGIES];
	double elapsed_s;
};

json_t *sim_report_json(const struct sim_outcome *outcome); /* the caller's */
void sim_report_print(const struct sim_outcome *outcome);
/* "urgency high", or that it differs. */
const char *sim_report_class(const struct sim_outcome *outcome);
