/* SPDX-License-Identifier: Apache-2.0 */
/* Polling only, and pushing at once. */
#include "policy/decide.h"
#include "tools/sim_strategy.h"

/* An installation; true when it went well, with *at_ms moved to its end. */
static bool install(struct sim_result *result, const struct sim_fleet *fleet,
	const struct sim_device *device, bool first, int64_t *at_ms)
{
	sim_result_add_install(result, device, *at_ms, fleet->until_ms);
	*at_ms += device->install_ms;
	return !(first && device->first_install_fails);
}

static int64_t poll_device(struct sim_result *result, const struct sim_fleet *fleet,
	const struct policy *policy, const struct sim_device *device)
{
	int64_t interval_ms =
		policy_poll_interval_ms(policy, device->endpoint, false, policy->default_urgency);
	int64_t at_ms = fleet->from_ms;
	for (bool first = true;; first = false) {
		at_ms = sim_world_poll(device, at_ms, interval_ms, fleet->until_ms);
		if (at_ms != INT64_MAX)
			at_ms = sim_result_fetch(result, fleet, device, at_ms);
		if (at_ms != INT64_MAX)
			at_ms = sim_world_idle(device, at_ms, device->install_ms, fleet->until_ms);
		if (at_ms == INT64_MAX || install(result, fleet, device, first, &at_ms))
			return at_ms;
	}
}

static int64_t push_device(
	struct sim_result *result, const struct sim_fleet *fleet, const struct sim_device *device)
{
	int64_t at_ms = fleet->from_ms;
	for (bool first = true;; first = false) {
		at_ms = sim_result_fetch(result, fleet, device, at_ms);
		if (at_ms == INT64_MAX || install(result, fleet, device, first, &at_ms))
			return at_ms;
	}
}

void sim_baseline_poll_only(const struct sim_task *task, struct sim_result *out)
{
	const struct sim_fleet *fleet = task->fleet;
	sim_result_init(out, fleet, true);
	for (size_t i = 0; i < fleet->n; i++)
		sim_result_add(out, fleet, sim_task_level(task, i),
			poll_device(out, fleet, task->policy, &fleet->devices[i]));
	sim_result_close(out);
}

void sim_baseline_push_at_once(const struct sim_task *task, struct sim_result *out)
{
	const struct sim_fleet *fleet = task->fleet;
	sim_result_init(out, fleet, true);
	for (size_t i = 0; i < fleet->n; i++)
		sim_result_add(out, fleet, sim_task_level(task, i),
			push_device(out, fleet, &fleet->devices[i]));
	sim_result_close(out);
}
