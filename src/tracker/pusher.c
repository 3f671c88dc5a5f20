/* SPDX-License-Identifier: Apache-2.0 */
/* A timer and a worker find what is due; queues by urgency hold it until a command may be sent. */
#include "tracker/pusher.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/deployment_store.h"
#include "tracker/command_turn.h"

#define INTERVAL_MS 5000
#define PAGE_MAX    500
/* So long the others have to find a device in their reach before it is put off. */
#define GRACE_MS   30000
#define PUT_OFF_MS (INT64_C(6) * 3600 * 1000)
#define MAX_READY  8192 /* beyond: found again by the next look */
#define MAX_SERVED                                                                                 \
	64 /* turns and commands at the same time: a fleet that wakes at once is no storm */

struct ready {
	struct ready *next;
	char *endpoint;
};

struct ready_queue {
	struct ready *first, *last;
};

struct pusher {
	struct tracker *tracker; /* NULL: stopped */
	struct su_timer *look_timer, *serve_timer;
	struct ready_queue queues[URGENCY_COUNT];
	size_t n_ready, n_served;
	bool busy, again;
	/* For the worker. */
	struct su_arena *arena;
	struct due_page page;
	struct due_deployment *due;
	size_t n_due, n_put_off;
	struct su_uuid put_off[PAGE_MAX];
};

const struct channel *pusher_channel(const struct tracker *tracker, const char *endpoint)
{
	int64_t now_ms = tracker->opts.now_ms(), until_ms;
	for (size_t i = 0; i < tracker->n_channels; i++) {
		const struct channel *channel = &tracker->channels[i];
		if (channel->in_reach(channel->self, endpoint, now_ms, &until_ms))
			return channel;
	}
	return NULL;
}

static bool is_queued(const struct ready_queue *queue, const char *endpoint)
{
	/* Only the newest: what comes twice in a row. More than one turn does no harm. */
	return queue->last && strcmp(queue->last->endpoint, endpoint) == 0;
}

static void get_ready(struct pusher *pusher, const char *endpoint, enum urgency urgency)
{
	struct ready_queue *queue = &pusher->queues[urgency];
	if (pusher->n_ready >= MAX_READY || is_queued(queue, endpoint))
		return;
	struct ready *ready = su_new(struct ready);
	ready->endpoint = su_strdup(endpoint);
	*(queue->last ? &queue->last->next : &queue->first) = ready;
	queue->last = ready;
	pusher->n_ready++;
	su_timer_set(pusher->serve_timer, 0);
}

static struct ready *take_most_urgent(struct pusher *pusher)
{
	for (int i = 0; i < URGENCY_COUNT; i++) {
		struct ready_queue *queue = &pusher->queues[i];
		struct ready *ready = queue->first;
		if (!ready)
			continue;
		queue->first = ready->next;
		if (!queue->first)
			queue->last = NULL;
		pusher->n_ready--;
		return ready;
	}
	return NULL;
}

static void free_ready(struct ready **ready)
{
	free((*ready)->endpoint);
	free(*ready);
	*ready = NULL;
}

static void serve(void *arg)
{
	struct pusher *pusher = arg;
	struct ready *ready;
	while (pusher->n_served < MAX_SERVED && (ready = take_most_urgent(pusher))) {
		pusher->n_served++;
		command_turn_start(pusher->tracker, ready->endpoint);
		free_ready(&ready);
	}
}

void pusher_give_back(struct pusher *pusher)
{
	if (!pusher)
		return;
	pusher->n_served--;
	if (pusher->n_ready > 0)
		su_timer_set(pusher->serve_timer, 0);
}

static bool is_drivable(const struct tracker *tracker)
{
	return tracker->policy && tracker->n_channels > 0 && !tracker->stopping;
}

void pusher_heed(struct pusher *pusher, struct remembered *of)
{
	if (!pusher || !is_drivable(pusher->tracker) || !of->has_active || of->commanding)
		return;
	const struct deployment_plan *plan = &of->active.plan;
	if (plan->look_ms > 0 && plan->look_ms <= pusher->tracker->opts.now_ms() &&
		pusher_channel(pusher->tracker, of->endpoint))
		get_ready(pusher, of->endpoint, plan->urgency);
}

/* Whether it has something for the device is in memory, for the device has just spoken; if not, a turn loads it. */
static void on_reach(void *arg, const char *endpoint, int64_t now_ms)
{
	struct pusher *pusher = arg;
	(void)now_ms;
	if (!is_drivable(pusher->tracker))
		return;
	struct remembered *of = registry_find(pusher->tracker->registry, endpoint);
	if (!of || !registry_is_fresh(pusher->tracker->registry, of)) {
		if (of)
			of->reach_lost = false;
		get_ready(pusher, endpoint, URGENCY_NORMAL);
		return;
	}
	of->reach_lost = false;
	if (of->has_active && !of->commanding)
		get_ready(pusher, endpoint, of->active.plan.urgency);
}

static void find_due(void *arg, void *thread_context)
{
	struct pusher *pusher = arg;
	struct su_error error;
	struct txn txn = txn_begin(thread_context);
	deployment_store_postpone(&txn, pusher->put_off, pusher->n_put_off, pusher->page.now_ms,
		pusher->page.now_ms + PUT_OFF_MS);
	pusher->n_due = deployment_store_due(&txn, pusher->arena, &pusher->page, &pusher->due);
	if (txn_commit(&txn, &error) == SU_OK)
		return;
	pusher->n_due = 0;
	su_log(SU_LOG_WARNING, "cannot look for what is due", SU_STR("error", error.text));
}

/* In nobody's reach, and nothing to decide before it is. */
static bool can_wait(const struct due_deployment *due, int64_t now_ms)
{
	return due->due_ms == 0 || due->due_ms > now_ms;
}

static void sort_due(struct pusher *pusher)
{
	pusher->n_put_off = 0;
	for (size_t i = 0; i < pusher->n_due; i++) {
		const struct due_deployment *due = &pusher->due[i];
		int64_t now_ms = pusher->page.now_ms;
		if (pusher_channel(pusher->tracker, due->endpoint))
			get_ready(pusher, due->endpoint, due->urgency);
		else if (now_ms - due->look_ms < GRACE_MS)
			continue;
		else if (can_wait(due, now_ms))
			pusher->put_off[pusher->n_put_off++] = due->id;
		else
			get_ready(pusher, due->endpoint, due->urgency);
	}
}

static void submit(struct pusher *pusher);

static void on_found(void *arg)
{
	struct pusher *pusher = arg;
	pusher->busy = false;
	bool stopped = !pusher->tracker;
	bool full = pusher->n_due == pusher->page.limit;
	if (!stopped) {
		sort_due(pusher);
		if (full) {
			const struct due_deployment *last = &pusher->due[pusher->n_due - 1];
			pusher->page.after_look_ms = last->look_ms;
			pusher->page.after_device = last->device_id;
		}
	}
	su_arena_free(&pusher->arena);
	if (stopped)
		su_free_ptr(&pusher);
	else if (full || pusher->n_put_off > 0)
		submit(pusher);
	else
		su_timer_set(pusher->look_timer, pusher->again ? 0 : INTERVAL_MS);
}

/* The rest of the pages: after the last one only what is put off is left to write. */
static void submit(struct pusher *pusher)
{
	const struct su_job job = { .run = find_due, .done = on_found, .arg = pusher };
	pusher->arena = su_arena_new();
	pusher->busy = su_work_submit(pusher->tracker->opts.work, job) == SU_OK;
	if (pusher->busy)
		return;
	su_arena_free(&pusher->arena);
	su_timer_set(pusher->look_timer, INTERVAL_MS);
}

static void on_look(void *arg)
{
	struct pusher *pusher = arg;
	pusher->again = false;
	if (!is_drivable(pusher->tracker)) {
		su_timer_set(pusher->look_timer, INTERVAL_MS);
		return;
	}
	pusher->page = (struct due_page){
		.now_ms = pusher->tracker->opts.now_ms(),
		.limit = PAGE_MAX,
	};
	pusher->n_put_off = 0;
	submit(pusher);
}

void pusher_look(struct pusher *pusher)
{
	if (!pusher)
		return;
	pusher->again = true;
	if (!pusher->busy)
		su_timer_set(pusher->look_timer, 0);
}

struct pusher *pusher_start(struct tracker *tracker)
{
	if (!tracker->opts.now_ms)
		return NULL;
	struct pusher *pusher = su_new(struct pusher);
	pusher->tracker = tracker;
	pusher->look_timer = su_timer_new(tracker->opts.loop, on_look, pusher);
	pusher->serve_timer = su_timer_new(tracker->opts.loop, serve, pusher);
	su_timer_set(pusher->look_timer, 0);
	tracker->on_reach = on_reach;
	tracker->on_reach_arg = pusher;
	return pusher;
}

void pusher_stop(struct pusher **pusher)
{
	if (!pusher || !*pusher)
		return;
	struct ready *ready;
	while ((ready = take_most_urgent(*pusher)))
		free_ready(&ready);
	su_timer_free(&(*pusher)->look_timer);
	su_timer_free(&(*pusher)->serve_timer);
	(*pusher)->tracker->on_reach = NULL;
	(*pusher)->tracker = NULL;
	if (!(*pusher)->busy)
		su_free_ptr(pusher);
	*pusher = NULL;
}
