/* SPDX-License-Identifier: Apache-2.0 */
/* A channel to devices that answer whatever the dice say, when they say so, or not at all. */
#pragma once

#include "dice.h"
#include "tracker/channel.h"

#define PEERS_MAX 16

struct peer_command {
	char endpoint[16];
	struct su_uuid deployment;
	enum command_kind kind;
	command_done_fn done;
	void *arg;
};

struct peers {
	struct dice *dice;
	struct tracker *tracker; /* NULL: not in the tracker's channels */
	bool in_reach[PEERS_MAX];
	size_t n_waiting, n_sent, n_twice; /* twice: to a device with a command under way */
	struct peer_command waiting[PEERS_MAX];
};

/* Devices are called "d0", "d1", ... */
void peers_join(struct peers *peers, struct tracker *tracker);
/* As a front end that stops: nothing is asked of it any more, and what is under way is lost. */
void peers_leave(struct peers *peers);
/* One device comes into reach, or goes. */
void peers_move(struct peers *peers, size_t device, bool in_reach, int64_t now_ms);
/* Something comes of one command that is under way; false: there is none. */
bool peers_answer(struct peers *peers, int64_t now_ms);
