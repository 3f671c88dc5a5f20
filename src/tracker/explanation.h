/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a device is treated as it is: everything that its mode, its class, its times and its release rest on,
 * asked anew from the policy in force. Changes nothing.
 */
#pragma once

#include "store/blob.h"
#include "tracker/planner.h"
#include "tracker/planning.h"

#define EXPLANATION_MAX_STEPS 50

/* The first time from now on in which a meaning of the calendar holds. */
struct explanation_window {
	bool has;
	struct interval when;
};

/* Lives in the planning's arena. */
struct explanation {
	struct device device;
	struct plan plan; /* which release, and why not the others */
	/*
	 * In flight; else, when there is a choice, as it would be planned for the moment, without regard to
	 * what other devices have booked. Neither: release is NULL.
	 */
	bool in_flight;
	struct deployment deployment;
	const struct release *release;
	struct planning_outlook outlook;
	struct explanation_window idle, busy, reachable;
	size_t n_steps; /* of the deployment in flight, the last of them, oldest first */
	const struct deployment_history *steps;
	const char *because; /* why something or nothing is planned: one sentence */
};

/* False: there is no such device. Worker thread. */
bool explanation_load(const struct planning *planning, struct blob_store *blobs,
	const char *endpoint, struct explanation *out);
