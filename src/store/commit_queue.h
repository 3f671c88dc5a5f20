/* SPDX-License-Identifier: Apache-2.0 */
/* Writes that wait to be committed, in the order of submission. Of one thread: the loop's. */
#pragma once

#include "store/commit_batch.h"

struct pending_write {
	struct pending_write *next; /* the queue's */
	struct batch_item item;
	committer_done_fn done;
	void *arg;
};

/* Writes that are committed together. */
struct pending_batch {
	size_t n;
	struct pending_write **writes; /* room for max_batch */
};

struct commit_queue;

/* max_batch: how many are taken at once. max_running: how many batches run at the same time. Both at least 1. */
struct commit_queue *commit_queue_new(size_t max_batch, size_t max_running);
/* It must be empty. */
void commit_queue_free(struct commit_queue **queue);

/* It is the queue's until it is taken. */
void commit_queue_put(struct commit_queue *queue, struct pending_write *pending);
size_t commit_queue_count(const struct commit_queue *queue);

/*
 * Fills out with the first ones, max_batch at most. A write of a device that has one in the batch already, or in
 * one of those that are running, stays: it may rest on that.
 */
void commit_queue_take(struct commit_queue *queue, struct pending_batch *out,
	const struct pending_batch *const *running, size_t n_running);
/* All that wait, linked by next; NULL: none. */
struct pending_write *commit_queue_take_all(struct commit_queue *queue);
