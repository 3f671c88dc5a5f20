/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a device works, and so how it can be reached and spared: what its update mode rests on
 * (draft-zhu-suit-automatic-fu-arch section 3). Each member may be unknown. What an operator
 * provisions for a device stands above what the device says.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/names.h"

/* When the network can reach it. */
enum reachability {
	REACH_ALWAYS,        /* listens all the time */
	REACH_WHILE_WORKING, /* off when idle: a vehicle's controllers */
	REACH_QUEUE, /* sleeps; listens for awake_s after its own messages (LwM2M queue mode) */
};
extern const struct name_row reachability_names[];

struct profile {
	bool has_reachability, has_always_on, has_behind_nat, has_answers, has_takes_push,
		has_awake, has_wake_every, has_link_rate, has_install;
	enum reachability reachability;
	bool always_on;  /* works around the clock and is never idle: a meter */
	bool behind_nat; /* reachable only over a session that it opened */
	bool answers;    /* there is somebody, or some logic, to ask: now, at T, no */
	bool takes_push; /* accepts manifest and images pushed to it; else it pulls */
	int64_t awake_s; /* queue mode: listens that long after its last message; 93 if unknown */
	int64_t wake_every_s;      /* queue mode: comes by itself that often */
	uint64_t link_bytes_per_s; /* of its link, as far as it knows */
	int64_t install_s;         /* how long an installation takes its service away */
};

/* What is unknown in profile is taken from under. */
void profile_fill(struct profile *profile, const struct profile *under);
bool profile_equal(const struct profile *a, const struct profile *b);
