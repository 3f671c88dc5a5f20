/* SPDX-License-Identifier: Apache-2.0 */
/* The channels that front ends have given, and the words of commands. */
#include "tracker/channel.h"

#include <assert.h>

#include "tracker/tracker_parts.h"

const struct name_row command_kind_names[] = {
	{ COMMAND_OFFER, "offer" },
	{ COMMAND_TRIGGER, "trigger" },
	{ COMMAND_PUSH, "push" },
	{ COMMAND_INSTALL, "install" },
	{ COMMAND_NOTICE, "notice" },
	{ COMMAND_ASK, "ask" },
	{ 0, NULL },
};

const struct name_row command_outcome_names[] = {
	{ COMMAND_TAKEN, "taken" },
	{ COMMAND_NOW, "now" },
	{ COMMAND_AT, "at" },
	{ COMMAND_NO, "no" },
	{ COMMAND_CANNOT, "cannot" },
	{ COMMAND_NONSENSE, "nonsense" },
	{ COMMAND_LOST, "lost" },
	{ COMMAND_OUT_OF_REACH, "out_of_reach" },
	{ 0, NULL },
};

void tracker_add_channel(struct tracker *tracker, const struct channel *channel)
{
	assert(tracker->n_channels < TRACKER_MAX_CHANNELS);
	tracker->channels[tracker->n_channels++] = *channel;
}

void tracker_in_reach(struct tracker *tracker, const char *endpoint, int64_t now_ms)
{
	if (!tracker->stopping && tracker->on_reach)
		tracker->on_reach(tracker->drives, endpoint, now_ms);
}

void tracker_remove_channel(struct tracker *tracker, const void *self)
{
	size_t n_kept = 0;
	for (size_t i = 0; i < tracker->n_channels; i++)
		if (tracker->channels[i].self != self)
			tracker->channels[n_kept++] = tracker->channels[i];
	tracker->n_channels = n_kept;
}

bool tracker_profile(struct tracker *tracker, const char *endpoint, struct profile *out)
{
	const struct remembered *of = registry_find(tracker->registry, endpoint);
	if (!of || !of->device)
		return false;
	struct device device;
	snapshot_restore(of->device, &device);
	*out = device_profile(&device);
	return true;
}
