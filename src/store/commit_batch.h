/* SPDX-License-Identifier: Apache-2.0 */
/* The writes of many devices in one transaction: the committer's work, on its thread. */
#pragma once

#include "store/committer.h"
#include "store/connection.h"

struct batch_item {
	const struct device_write *write;
	struct committer_result result; /* filled by commit_batch_run */
	/* what the transaction found */
	int64_t device_id;
	bool was_removed;
	enum deployment_state old_state;
};

/*
 * Fills every item's result. No device may be there twice. A write that the database refuses fails
 * alone: the others are tried again without it. origin: see committer_origin. items are reordered.
 */
void commit_batch_run(
	struct store_conn *conn, const char *origin, struct batch_item **items, size_t n);
