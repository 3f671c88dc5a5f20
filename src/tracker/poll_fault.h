/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Polls for which the planner failed: said in the log, though not for each of a fleet, and not tried
 * again at every poll when the fault is not that the database is away.
 */
#pragma once

#include "tracker/remembered.h"

#define POLL_FAULT_REST_MS  INT64_C(5000)
#define POLL_FAULT_QUIET_MS INT64_C(30000)

/* Of a process. Zero-initialise. */
struct poll_faults {
	int64_t told_ms; /* when a line was written last; 0: never */
	uint64_t n_untold;
};

/* One more at now_ms. Whether it is to be told; then *n_out is how many it stands for. */
bool poll_faults_count(struct poll_faults *faults, int64_t now_ms, uint64_t *n_out);

/* Tells it, and lets the device rest. */
void poll_fault_note(struct poll_faults *faults, struct remembered *of, const struct su_error *err,
	int64_t now_ms);
/* What was offered before stands; the planner is not asked again yet. */
bool poll_fault_rests(const struct remembered *of, int64_t now_ms);
