/* SPDX-License-Identifier: Apache-2.0 */
/* The update mode of a device and the calendar that counts: what its profile comes to. */
#include "policy/choice.h"

static bool is_idle_at_times(const struct device *device)
{
	const struct calendar *calendar = device_calendar(device);
	return calendar && calendar_has(calendar, WINDOW_IDLE);
}

/* draft-zhu-suit-automatic-fu-arch section 3: who can judge when the time is right. */
static enum update_mode mode_of_profile(
	const struct device *device, struct choice_reason *reason_out)
{
	const struct profile profile = device_profile(device);
	const bool answers = profile.has_answers && profile.answers;
	if (profile.has_always_on && profile.always_on && !is_idle_at_times(device)) {
		choice_explain(reason_out, "default", "it is always on and never idle");
		return MODE_SERVER;
	}
	if (profile.has_reachability && profile.reachability == REACH_WHILE_WORKING && !answers) {
		choice_explain(reason_out, "default",
			"it can be reached only while it works, and there is nobody to ask");
		return MODE_SERVER;
	}
	if (answers) {
		choice_explain(reason_out, "default", "there is somebody to ask");
		return MODE_NEGOTIATED;
	}
	choice_explain(reason_out, "default",
		profile.has_reachability && profile.reachability == REACH_QUEUE
			? "it sleeps, and comes by itself"
			: "it knows best when it is idle");
	return MODE_CLIENT;
}

enum update_mode policy_mode(const struct policy *policy, const struct device *device,
	int64_t now_ms, struct su_arena *arena, struct choice_reason *reason_out)
{
	const struct facts facts = { .now_ms = now_ms, .device = device };
	if (device->provision.has_mode) {
		choice_explain(reason_out, "provision", "an operator laid this mode down for it");
		return device->provision.mode;
	}
	const struct policy_rule *rule = choice_first(&policy->modes, &facts, arena, reason_out);
	return rule ? rule->then.mode : mode_of_profile(device, reason_out);
}

const struct calendar *policy_calendar(const struct policy *policy, const struct device *device,
	int64_t now_ms, struct su_arena *arena, struct choice_reason *reason_out)
{
	const struct facts facts = { .now_ms = now_ms, .device = device };
	if (device->provision.calendar) {
		choice_explain(reason_out, "provision", "an operator laid these windows down");
		return device->provision.calendar;
	}
	if (device->calendar) {
		choice_explain(reason_out, "device", "it told these windows itself");
		return device->calendar;
	}
	const struct policy_rule *rule = choice_first(&policy->windows, &facts, arena, reason_out);
	return rule ? &rule->then.calendar : NULL;
}
