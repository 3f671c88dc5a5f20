/* SPDX-License-Identifier: Apache-2.0 */
/* How many there are of what, without counting: each transaction changes the counters of its deed. */
#pragma once

#include "base/arena.h"
#include "store/txn.h"

/*
 * "devices" (not removed), "deployments.<state>", "releases.<state>", "images", "image_bytes",
 * "reports.success", "reports.failure", "escalations.<mode>", "deadlines.met", "deadlines.missed".
 */
struct counter {
	const char *name;
	int64_t value;
};
/* All of them, ordered by name. */
size_t counter_store_list(struct txn *txn, struct su_arena *arena, struct counter **out);
