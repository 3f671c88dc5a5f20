/* SPDX-License-Identifier: Apache-2.0 */
/* Devices as the server knows them are put before the policy, one by one. */
#include "tools/sim_task.h"

#include <jansson.h>

#include "base/memory.h"
#include "tools/sim_known.h"

/* What was read once is read again rather than kept: a device has room for much. */
static void recall(struct su_arena *arena, const struct sim_device *device, struct device *out)
{
	*out = (struct device){ 0 };
	if (device->said != NULL) {
		json_t *said = json_loads(device->said, 0, NULL);
		if (sim_known_read(arena, said, out, NULL) != SU_OK)
			*out = (struct device){ 0 };
		json_decref(said);
	}
	out->endpoint = device->endpoint;
	profile_fill(&out->told.profile, &device->profile);
	if (device_site(out) == NULL)
		out->told.site = device->site;
	if (device_calendar(out) == NULL)
		out->calendar = device->calendar;
}

static void settle(const struct sim_task *task, struct su_arena *arena, const struct device *known,
	struct sim_settled *out)
{
	const struct policy *policy = task->policy;
	int64_t now_ms = task->fleet->from_ms;
	struct choice_reason urgency = { .rule = "given" }, mode;
	struct su_arena *aside su_auto(su_arena_free) = su_arena_new();
	struct facts facts = { .now_ms = now_ms, .device = known, .release = task->release };
	out->urgency = task->urgency;
	if (task->release != NULL) {
		facts_sum_up(&facts, 0);
		out->urgency = policy_urgency(policy, &facts, aside, &urgency);
	}
	out->mode = policy_mode(policy, known, now_ms, aside, &mode);
	out->calendar = policy_calendar(policy, known, now_ms, arena, NULL);
	/* Names of rules live as long as the policy. */
	out->urgency_rule = urgency.rule;
	out->mode_rule = mode.rule;
}

void sim_task_settle(struct sim_task *task, struct su_arena *arena)
{
	struct sim_fleet *fleet = task->fleet;
	struct sim_settled *settled = su_arena_array(arena, fleet->n + 1, sizeof(*settled));
	struct device *known su_auto(su_free_ptr) = su_new(struct device);
	for (size_t i = 0; i < fleet->n; i++) {
		struct sim_device *device = &fleet->devices[i];
		struct su_arena *aside su_auto(su_arena_free) = su_arena_new();
		recall(aside, device, known);
		settle(task, arena, known, &settled[i]);
		/* Not of what was just read, which does not last. */
		if (settled[i].calendar == device_calendar(known))
			settled[i].calendar = device->calendar;
		/* Windows that a rule lays down are taken to be true. */
		if (device->idle == NULL)
			device->idle = settled[i].calendar;
	}
	task->settled = settled;
}

const struct level *sim_task_level(const struct sim_task *task, size_t device)
{
	return &task->policy->levels[task->settled[device].urgency];
}
