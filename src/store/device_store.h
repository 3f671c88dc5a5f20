/* SPDX-License-Identifier: Apache-2.0 */
/* Reading devices. What they told is written through committer.h alone. */
#pragma once

#include "base/arena.h"
#include "model/device.h"
#include "policy/expression.h"
#include "store/txn.h"

bool device_store_get(
	struct txn *txn, struct su_arena *arena, const char *endpoint, struct device *out);
/* Many at once for the cache: out[i].id is 0 where endpoints[i] is unknown; what is laid down for it
 * is there all the same. */
void device_store_get_batch(struct txn *txn, struct su_arena *arena, const char *const *endpoints,
	size_t n, struct device **out);
/* The endpoint that holds a registration; NULL: none. */
const char *device_store_by_registration(
	struct txn *txn, struct su_arena *arena, struct su_uuid registration);
const char *device_store_endpoint(
	struct txn *txn, struct su_arena *arena, int64_t id); /* or NULL */

struct device_query {
	const char *after; /* endpoint; NULL: from the start */
	size_t limit;
	const struct expression *filter; /* of EXPRESSION_DEVICES; NULL: all */
	int64_t now_ms;                  /* what the filter calls now */
};
/* Ordered by endpoint. */
size_t device_store_list(struct txn *txn, struct su_arena *arena, const struct device_query *query,
	struct device **out);

/* Nobody else changes its row until the end of txn. false: there is none. */
bool device_store_hold(struct txn *txn, const char *endpoint);
/* The same for many; changed_out: its row is not at the row_version given any more, or gone. */
void device_store_hold_all(
	struct txn *txn, const struct device *const *devices, size_t n, bool *changed_out);
/* Writes what counts after another provision: profile, site and mode. SU_STALE: not at row_version. */
void device_store_settle(struct txn *txn, struct device *device);
