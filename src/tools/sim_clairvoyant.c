/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fetch as early as contact allows, install at the first true opportunity: for one device alone nothing
 * can be earlier, since each step can only begin when the one before it is over and an earlier end
 * of a step never makes the next one later.
 */
#include "tools/sim_strategy.h"

#include "base/moment.h"

/* The first moment at which it may be installed: spared, or taken away as the class allows, told or not. */
static int64_t opportunity(const struct sim_fleet *fleet, const struct level *level,
	const struct sim_device *device, int64_t at_ms)
{
	int64_t idle_ms = sim_world_idle(device, at_ms, device->install_ms, fleet->until_ms);
	int64_t allowed_ms;
	if (device->kind == SIM_VEHICLE || device->kind == SIM_SENSOR ||
		__builtin_add_overflow(fleet->from_ms, level->interrupt_after_ms, &allowed_ms))
		return idle_ms;
	allowed_ms = su_later(allowed_ms, at_ms);
	if (idle_ms <= allowed_ms)
		return idle_ms;
	struct interval contact;
	if (!sim_world_reach(device, allowed_ms, fleet->until_ms, &contact))
		return idle_ms;
	allowed_ms = su_later(allowed_ms, contact.from_ms);
	return idle_ms < allowed_ms ? idle_ms : allowed_ms;
}

static int64_t update_device(struct sim_result *result, const struct sim_fleet *fleet,
	const struct level *level, const struct sim_device *device)
{
	int64_t at_ms = fleet->from_ms;
	for (bool first = true;; first = false) {
		at_ms = sim_result_fetch(result, fleet, device, at_ms);
		if (at_ms != INT64_MAX)
			at_ms = opportunity(fleet, level, device, at_ms);
		if (at_ms == INT64_MAX)
			return at_ms;
		sim_result_add_install(result, device, at_ms, fleet->until_ms);
		at_ms += device->install_ms;
		if (!first || !device->first_install_fails)
			return at_ms;
		at_ms += level->retry_after_ms;
	}
}

void sim_clairvoyant_run(const struct sim_task *task, struct sim_result *out)
{
	const struct sim_fleet *fleet = task->fleet;
	sim_result_init(out, fleet, true);
	for (size_t i = 0; i < fleet->n; i++) {
		const struct level *level = sim_task_level(task, i);
		sim_result_add(
			out, fleet, level, update_device(out, fleet, level, &fleet->devices[i]));
	}
	sim_result_close(out);
}
