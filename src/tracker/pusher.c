/* SPDX-License-Identifier: Apache-2.0 */
/* Queues by urgency hold what is due until a command may be sent. */
#include "tracker/pusher.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tracker/planning.h"

#define MAX_READY 65536 /* beyond: when the device speaks again */
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
	struct tracker *tracker;
	pusher_serve_fn serve;
	struct su_timer *serve_timer;
	struct ready_queue queues[URGENCY_COUNT];
	size_t n_ready, n_served;
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

static void serve_ready(void *arg)
{
	struct pusher *pusher = arg;
	struct ready *ready;
	while (pusher->n_served < MAX_SERVED && (ready = take_most_urgent(pusher))) {
		pusher->n_served++;
		pusher->serve(pusher->tracker, ready->endpoint);
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
	return tracker->opts.policies && tracker->n_channels > 0 && !tracker->stopping;
}

bool pusher_heed(struct pusher *pusher, struct remembered *of)
{
	if (!pusher || !is_drivable(pusher->tracker) || !of->has_active)
		return false;
	if (of->commanding)
		return true;
	const struct deployment_plan *plan = &of->active.plan;
	if (plan->look_ms == 0 || plan->look_ms > pusher->tracker->opts.now_ms() ||
		!planning_is_laid_down(&of->active) ||
		!pusher_channel(pusher->tracker, of->endpoint))
		return false;
	get_ready(pusher, of->endpoint, plan->urgency);
	return true;
}

bool pusher_has_room(const struct pusher *pusher)
{
	return !pusher || pusher->n_ready < MAX_READY / 2;
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

static void on_due(void *arg, const char *endpoint, enum urgency urgency)
{
	struct pusher *pusher = arg;
	if (is_drivable(pusher->tracker) && pusher_channel(pusher->tracker, endpoint))
		get_ready(pusher, endpoint, urgency);
}

struct pusher *pusher_start(struct tracker *tracker, pusher_serve_fn serve)
{
	if (!tracker->opts.now_ms)
		return NULL;
	struct pusher *pusher = su_new(struct pusher);
	pusher->tracker = tracker;
	pusher->serve = serve;
	pusher->serve_timer = su_timer_new(tracker->opts.loop, serve_ready, pusher);
	tracker->on_reach = on_reach;
	tracker->on_due = on_due;
	tracker->drives = pusher;
	return pusher;
}

void pusher_stop(struct pusher **pusher)
{
	if (!pusher || !*pusher)
		return;
	struct ready *ready;
	while ((ready = take_most_urgent(*pusher)))
		free_ready(&ready);
	su_timer_free(&(*pusher)->serve_timer);
	(*pusher)->tracker->on_reach = NULL;
	(*pusher)->tracker->on_due = NULL;
	su_free_ptr(pusher);
}
