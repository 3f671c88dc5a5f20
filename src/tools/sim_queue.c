/* SPDX-License-Identifier: Apache-2.0 */
/* A binary heap in an array. */
#include "tools/sim_queue.h"

#include <stdlib.h>

#include "base/memory.h"

static bool before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void sim_queue_push(struct sim_queue *queue, struct sim_event event)
{
	if (queue->n == queue->room) {
		queue->room = queue->room * 2 + 64;
		queue->events = su_grow(queue->events, queue->room, sizeof(struct sim_event));
	}
	event.order = queue->pushed++;
	size_t at = queue->n++;
	while (at > 0 && before(&event, &queue->events[(at - 1) / 2])) {
		queue->events[at] = queue->events[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	queue->events[at] = event;
}

bool sim_queue_pop(struct sim_queue *queue, struct sim_event *out)
{
	if (queue->n == 0)
		return false;
	*out = queue->events[0];
	struct sim_event last = queue->events[--queue->n];
	size_t at = 0;
	for (;;) {
		size_t child = 2 * at + 1;
		if (child >= queue->n)
			break;
		if (child + 1 < queue->n &&
			before(&queue->events[child + 1], &queue->events[child]))
			child++;
		if (!before(&queue->events[child], &last))
			break;
		queue->events[at] = queue->events[child];
		at = child;
	}
	queue->events[at] = last;
	return true;
}

void sim_queue_deinit(struct sim_queue *queue)
{
	free(queue->events);
	*queue = (struct sim_queue){ 0 };
}
