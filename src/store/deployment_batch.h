/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deployments of many devices, written together in a few statements: what a page of planning comes to. The
 * devices are held (device_store_hold_all).
 */
#pragma once

#include "base/uuid.h"
#include "model/component_progress.h"
#include "model/deployment.h"
#include "store/txn.h"

struct deployment_batch;

struct deployment_batch *deployment_batch_new(void);
void deployment_batch_free(struct deployment_batch **batch);

/* One in flight moves, before those that are added. */
void deployment_batch_move(struct deployment_batch *batch, struct txn *txn,
	const struct deployment *deployment, const struct deployment_history *step);
/* A new one, with its first row of history. */
void deployment_batch_add(struct deployment_batch *batch, struct txn *txn,
	const struct deployment *deployment, const struct deployment_history *first);
void deployment_batch_add_components(struct deployment_batch *batch, struct su_uuid deployment,
	const struct component_progress *rows, size_t n);
/* Every suitd is told, at the commit, that what it remembers of this device is old. Borrowed. */
void deployment_batch_tell(struct deployment_batch *batch, const char *endpoint);

/* SU_STALE in txn when one that moves has moved on in the meantime; SU_CONFLICT: a device has another. */
void deployment_batch_write(struct deployment_batch *batch, struct txn *txn);
