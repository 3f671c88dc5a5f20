/* SPDX-License-Identifier: Apache-2.0 */
/* A heap of moments: what comes next under the virtual clock. Ties go by the order of arrival. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_event {
	int64_t at;      /* a time, or any other key */
	uint64_t order;  /* set by the queue */
	uint32_t device; /* whom it concerns */
	uint32_t turn;   /* an event of an older turn of the device is void */
};
struct sim_queue {
	size_t n, room;
	uint64_t pushed;
	struct sim_event *events;
};
void sim_queue_push(struct sim_queue *queue, struct sim_event event);
bool sim_queue_pop(struct sim_queue *queue, struct sim_event *out);
void sim_queue_deinit(struct sim_queue *queue);
