/* SPDX-License-Identifier: Apache-2.0 */
/* One release for one fleet under one policy, and what the policy settles for each device beforehand. */
#pragma once

#include <stdio.h>

#include "model/release.h"
#include "policy/decide.h"
#include "tools/sim_fleet.h"

struct sim_settled {
	enum urgency urgency;
	enum update_mode mode;
	const struct calendar *calendar; /* that counts; NULL: none */
	const char *urgency_rule, *mode_rule;
};

struct sim_task {
	struct sim_fleet *fleet;
	const struct policy *policy;
	const struct release *release; /* NULL: the class is given */
	enum urgency urgency;          /* without a release */
	FILE *trace; /* gets a line of JSON for each act of the policy; NULL: none */
	const struct sim_settled *settled; /* in the order of the fleet */
};

/* Asks the policy for class, mode and calendar of each device. */
void sim_task_settle(struct sim_task *task, struct su_arena *arena);
const struct level *sim_task_level(const struct sim_task *task, size_t device);
