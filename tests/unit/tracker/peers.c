/* SPDX-License-Identifier: Apache-2.0 */
/* One command at a time for each device, as the channel's contract says. */
#include "peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_MS INT64_C(3600000)

static bool peers_in_reach(void *self, const char *endpoint, int64_t now_ms, int64_t *until_ms_out)
{
	const struct peers *peers = self;
	*until_ms_out = now_ms;
	return peers->in_reach[strtoul(endpoint + 1, NULL, 10)];
}

static enum su_status peers_send(void *self, const struct device_command *command,
	command_done_fn done, void *arg, struct su_error *err)
{
	struct peers *peers = self;
	for (size_t i = 0; i < peers->n_waiting; i++)
		if (strcmp(peers->waiting[i].endpoint, command->endpoint) == 0) {
			peers->n_twice++;
			return su_fail(err, SU_BUSY, "", "another command is under way");
		}
	if (peers->n_waiting == PEERS_MAX || dice_hits(peers->dice, 5))
		return su_fail(err, SU_BUSY, "", "too many commands are under way");
	struct peer_command *waiting = &peers->waiting[peers->n_waiting++];
	*waiting = (struct peer_command){
		.deployment = command->deployment,
		.kind = command->kind,
		.done = done,
		.arg = arg,
	};
	snprintf(waiting->endpoint, sizeof(waiting->endpoint), "%s", command->endpoint);
	peers->n_sent++;
	return SU_OK;
}

void peers_join(struct peers *peers, struct tracker *tracker)
{
	const struct channel channel = { peers, peers_in_reach, peers_send };
	peers->tracker = tracker;
	tracker_add_channel(tracker, &channel);
}

static void finish(struct peers *peers, size_t index, const struct command_result *result)
{
	const struct peer_command command = peers->waiting[index];
	peers->waiting[index] = peers->waiting[--peers->n_waiting];
	command.done(command.arg, result);
}

void peers_leave(struct peers *peers)
{
	const struct command_result lost = { .outcome = COMMAND_LOST };
	tracker_remove_channel(peers->tracker, peers);
	peers->tracker = NULL;
	while (peers->n_waiting > 0)
		finish(peers, 0, &lost);
}

void peers_move(struct peers *peers, size_t device, bool in_reach, int64_t now_ms)
{
	char endpoint[16];
	snprintf(endpoint, sizeof(endpoint), "d%zu", device);
	peers->in_reach[device] = in_reach;
	if (in_reach)
		tracker_in_reach(peers->tracker, endpoint, now_ms);
}

bool peers_answer(struct peers *peers, int64_t now_ms)
{
	static const unsigned weights[] = {
		[COMMAND_TAKEN] = 30,
		[COMMAND_NOW] = 15,
		[COMMAND_AT] = 10,
		[COMMAND_NO] = 8,
		[COMMAND_CANNOT] = 5,
		[COMMAND_NONSENSE] = 3,
		[COMMAND_LOST] = 10,
		[COMMAND_OUT_OF_REACH] = 5,
	};
	if (peers->n_waiting == 0)
		return false;
	const struct command_result result = {
		.outcome = (enum command_outcome)dice_pick(
			peers->dice, weights, sizeof(weights) / sizeof(*weights)),
		/* Also in the past, and far beyond what any class allows. */
		.at_ms = now_ms - HOUR_MS + (int64_t)dice_throw(peers->dice, 100) * HOUR_MS,
		.reason = dice_hits(peers->dice, 50) ? "in the middle of something" : NULL,
	};
	finish(peers, dice_throw(peers->dice, (unsigned)peers->n_waiting), &result);
	return true;
}
