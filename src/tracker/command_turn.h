/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One step of a deployment carried out: decided and written down in a turn, sent after its commit, and
 * what came of it taken in another turn. In between the device's own messages have their turns.
 */
#pragma once

#include "tracker/channel.h"
#include "tracker/turn.h"

/* Decides what to do next with the device's deployment, and does it. pusher_give_back when all is over. */
void command_turn_start(struct tracker *tracker, const char *endpoint);

/* A command on its way. */
struct command_sent {
	struct tracker *tracker;
	char *endpoint;
	enum command_kind kind;
	struct su_uuid deployment;
};
/* command_done_fn; arg is a struct command_sent, which is gone afterwards. */
void command_turn_on_result(void *arg, const struct command_result *result);
void command_turn_sent_free(struct command_sent **sent);
