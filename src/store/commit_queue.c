/* SPDX-License-Identifier: Apache-2.0 */
/* A list, and a hash table of the devices that are being written, made anew for each batch. */
#include "store/commit_queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct commit_queue {
	struct pending_write *first, **end;
	size_t n, max_batch;
	const char **names; /* NULL: free; a power of two, and at most half of them are taken */
	size_t n_names;
};

static size_t power_of_two_from(size_t n)
{
	size_t power = 1;
	while (power < n)
		power *= 2;
	return power;
}

struct commit_queue *commit_queue_new(size_t max_batch, size_t max_running)
{
	struct commit_queue *queue = su_new(struct commit_queue);
	queue->end = &queue->first;
	queue->max_batch = max_batch;
	queue->n_names = power_of_two_from(2 * max_batch * max_running);
	queue->names = su_new_array(queue->n_names, sizeof(*queue->names));
	return queue;
}

void commit_queue_free(struct commit_queue **queue)
{
	if (!queue || !*queue)
		return;
	free((void *)(*queue)->names);
	su_free_ptr(queue);
}

void commit_queue_put(struct commit_queue *queue, struct pending_write *pending)
{
	pending->next = NULL;
	*queue->end = pending;
	queue->end = &pending->next;
	queue->n++;
}

size_t commit_queue_count(const struct commit_queue *queue)
{
	return queue->n;
}

static size_t hash_name(const char *name)
{
	uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * UINT64_C(1099511628211);
	return (size_t)(hash ^ (hash >> 32));
}

/* False when the device is there already. */
static bool add_device(struct commit_queue *queue, const struct pending_write *pending)
{
	const char *name = pending->item.write->device->endpoint;
	size_t mask = queue->n_names - 1;
	size_t slot = hash_name(name) & mask;
	for (; queue->names[slot]; slot = (slot + 1) & mask)
		if (strcmp(queue->names[slot], name) == 0)
			return false;
	queue->names[slot] = name;
	return true;
}

static void add_running(
	struct commit_queue *queue, const struct pending_batch *const *running, size_t n_running)
{
	memset((void *)queue->names, 0, queue->n_names * sizeof(*queue->names));
	for (size_t i = 0; i < n_running; i++)
		for (size_t k = 0; k < running[i]->n; k++)
			(void)add_device(queue, running[i]->writes[k]);
}

void commit_queue_take(struct commit_queue *queue, struct pending_batch *out,
	const struct pending_batch *const *running, size_t n_running)
{
	struct pending_write **link = &queue->first;
	add_running(queue, running, n_running);
	out->n = 0;
	while (*link && out->n < queue->max_batch) {
		struct pending_write *pending = *link;
		if (!add_device(queue, pending)) {
			link = &pending->next;
			continue;
		}
		*link = pending->next;
		out->writes[out->n++] = pending;
	}
	queue->n -= out->n;
	if (!*link)
		queue->end = link;
}

struct pending_write *commit_queue_take_all(struct commit_queue *queue)
{
	struct pending_write *all = queue->first;
	queue->first = NULL;
	queue->end = &queue->first;
	queue->n = 0;
	return all;
}
