/* SPDX-License-Identifier: Apache-2.0 */
/* The four ways of bringing a release to a fleet that are compared. */
#pragma once

#include "tools/sim_task.h"
#include "tools/sim_world.h"

/* What the daemon would do: policy/ decides, the world answers. */
void sim_policy_run(const struct sim_task *task, struct sim_result *out);
/* Devices find it by polling at the interval of the policy's default class, and install when idle. */
void sim_baseline_poll_only(const struct sim_task *task, struct sim_result *out);
/* Sent and installed as soon as a device is in reach, whatever it does, whatever the links bear. */
void sim_baseline_push_at_once(const struct sim_task *task, struct sim_result *out);
/*
 * A lower bound, not a schedule: each device alone, as if nobody else needed the links, by one who
 * knows every window, absence and failure; under the same rules of the class and of contact.
 */
void sim_clairvoyant_run(const struct sim_task *task, struct sim_result *out);
