/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a batch, each for all its writes, once it is known which of them hold. */
#pragma once

#include "store/commit_batch.h"
#include "store/txn_pipe.h"

struct batch {
	struct txn txn;
	struct txn_pipe pipe;
	struct su_arena *arena;
	struct batch_item **items; /* new devices by name, then known ones by id */
	size_t n;
	size_t reports; /* the result of their statement in the pipe */
	bool has_steps; /* of its deployments in the history, by commit_steps_send_plain */
};

/* Not refused, nor known to be late. */
bool commit_steps_is_live(const struct batch_item *item);
bool commit_steps_has_deployment(const struct batch_item *item, bool new);
bool commit_steps_is_newcomer(const struct batch_item *item);
/* The first step begins in the state that the row had; without a step it stays. */
enum deployment_state commit_steps_state_before(const struct device_write *write);
/*
 * The write moves a deployment that is there by one step, and needs to read nothing for that: all that is
 * left to find out is whether it holds.
 */
bool commit_steps_is_plain(const struct batch_item *item);

/* Each returns its number in the pipe, TXN_PIPE_NONE when there was nothing to send. */
size_t commit_steps_send_locks(struct batch *batch);
size_t commit_steps_send_deployments(struct batch *batch);
/* Instead of both, of writes that are all plain: history and all. Fails the transaction unless all of them hold. */
void commit_steps_send_plain(struct batch *batch);

/* All rows but those of deployments that are there already, and of steps that were. Sent, not waited for. */
void commit_steps_send_rows(struct batch *batch);
/* Counts, teaches and tells: the last steps. Waits only if something has to be read for that. */
void commit_steps_finish(struct batch *batch, const char *origin);
