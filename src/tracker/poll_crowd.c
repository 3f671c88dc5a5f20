/* SPDX-License-Identifier: Apache-2.0 */
/* One job at a time; the batch grows by itself under load. */
#include "tracker/poll_crowd.h"

#include "base/memory.h"

enum { MAX_TOGETHER = 256 };

struct waiting {
	struct waiting *next;
	struct turn *turn;
	poll_crowd_fn plan;
};

struct poll_crowd {
	struct tracker *tracker;
	struct waiting *first, **end;
	bool busy;
	/* The worker's while busy. */
	struct su_arena *arena;
	size_t n;
	struct waiting *together[MAX_TOGETHER];
};

static enum su_status plan_some(struct poll_crowd *crowd, struct waiting *const *some, size_t n,
	struct store_conn *conn, struct su_error *err)
{
	const struct device *devices[MAX_TOGETHER];
	struct txn txn = txn_begin(conn);
	struct planner_memory *memory su_auto(planner_memory_free) =
		planner_memory_new(&txn, crowd->tracker->opts.blobs, crowd->arena);
	for (size_t i = 0; i < n; i++)
		devices[i] = some[i]->turn->device;
	if (n > 1)
		planner_memory_recall(memory, devices, n);
	for (size_t i = 0; i < n && txn_ok(&txn); i++)
		some[i]->plan(some[i]->turn, &txn, memory);
	return txn_commit(&txn, err);
}

/*
 * What fails for one must not fail for the others: then each is planned for by itself. But where the
 * database is away it is for all: to find that out takes seconds.
 */
static void work(void *arg, void *thread_context)
{
	struct poll_crowd *crowd = arg;
	struct su_error error;
	size_t i = 0;
	if (crowd->n > 1 &&
		plan_some(crowd, crowd->together, crowd->n, thread_context, &error) == SU_OK)
		return;
	for (; i < crowd->n && store_conn_ready(thread_context, &error) == SU_OK; i++)
		if (plan_some(crowd, &crowd->together[i], 1, thread_context, &error) != SU_OK)
			crowd->together[i]->turn->error = error;
	for (; i < crowd->n; i++)
		crowd->together[i]->turn->error = error;
}

static void start(struct poll_crowd *crowd);

static void on_done(void *arg)
{
	struct poll_crowd *crowd = arg;
	/* Still busy: who joins meanwhile is planned for together. */
	for (size_t i = 0; i < crowd->n; i++) {
		struct turn *turn = crowd->together[i]->turn;
		crowd->tracker->n_jobs--;
		turn->then(turn);
	}
	su_arena_free(&crowd->arena);
	crowd->busy = false;
	start(crowd);
}

static void start(struct poll_crowd *crowd)
{
	const struct su_job job = { .run = work, .done = on_done, .arg = crowd };
	if (crowd->busy || !crowd->first)
		return;
	for (crowd->n = 0; crowd->first && crowd->n < MAX_TOGETHER; crowd->n++) {
		crowd->together[crowd->n] = crowd->first;
		crowd->first = crowd->first->next;
	}
	if (!crowd->first)
		crowd->end = &crowd->first;
	crowd->busy = true;
	crowd->arena = su_arena_new();
	if (su_work_submit(crowd->tracker->opts.work, job) == SU_OK)
		return;
	for (size_t i = 0; i < crowd->n; i++)
		su_fail(&crowd->together[i]->turn->error, SU_BUSY, "", "too much work is waiting");
	su_loop_post(crowd->tracker->opts.loop, on_done, crowd);
}

void poll_crowd_join(struct poll_crowd *crowd, struct turn *turn, poll_crowd_fn plan,
	void (*then)(struct turn *turn))
{
	struct waiting *waiting = su_arena_new_of(turn->arena, struct waiting);
	waiting->turn = turn;
	waiting->plan = plan;
	turn->then = then;
	turn->error = (struct su_error){ 0 };
	crowd->tracker->n_jobs++;
	*crowd->end = waiting;
	crowd->end = &waiting->next;
	start(crowd);
}

struct poll_crowd *poll_crowd_new(struct tracker *tracker)
{
	struct poll_crowd *crowd = su_new(struct poll_crowd);
	crowd->tracker = tracker;
	crowd->end = &crowd->first;
	return crowd;
}

void poll_crowd_free(struct poll_crowd **crowd)
{
	su_free_ptr(crowd);
}
