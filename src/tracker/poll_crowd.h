/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Polls that need the planner. After a release a whole fleet does: while one job plans on a worker, those
 * that come wait for each other, and the next job plans for all of them in one transaction. Alone,
 * a poll waits for nobody. Loop thread.
 */
#pragma once

#include "tracker/planner_memory.h"
#include "tracker/turn.h"

struct poll_crowd;

struct poll_crowd *poll_crowd_new(struct tracker *tracker);
/* Nobody waits any more. */
void poll_crowd_free(struct poll_crowd **crowd);

/* Plans for turn->device on a worker, perhaps twice; what is wrong goes into turn->error. */
typedef void (*poll_crowd_fn)(struct turn *turn, struct txn *txn, struct planner_memory *memory);
/* then on the loop, with turn->error. */
void poll_crowd_join(struct poll_crowd *crowd, struct turn *turn, poll_crowd_fn plan,
	void (*then)(struct turn *turn));
