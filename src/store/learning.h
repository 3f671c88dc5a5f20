/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What confirmed deployments teach about the classes of their devices: how fast images went, and how long
 * installations took. Read from the history, in the transaction that confirms them.
 */
#pragma once

#include "base/arena.h"
#include "base/uuid.h"
#include "store/txn.h"

/* Their history is written by now, and each is new to this function. Locks the estimates by class. */
void learning_take(
	struct txn *txn, struct su_arena *arena, const struct su_uuid *deployments, size_t n);
