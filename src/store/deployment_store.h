/* SPDX-License-Identifier: Apache-2.0 */
/* Deployments and their history. The device plane writes them through committer.h; management here. */
#pragma once

#include "base/arena.h"
#include "model/deployment.h"
#include "store/txn.h"

bool deployment_store_get(
	struct txn *txn, struct su_arena *arena, struct su_uuid id, struct deployment *out);
/* The one in flight for a device. */
bool deployment_store_active(
	struct txn *txn, struct su_arena *arena, int64_t device_id, struct deployment *out);
/* The newest deployment (also at an end) of this release for this device. */
bool deployment_store_latest(struct txn *txn, struct su_arena *arena, int64_t device_id,
	const struct digest *release, struct deployment *out);
/* For any of these devices and any of these releases: the newest deployment of each pair, in no order. */
struct past_query {
	const int64_t *device_ids;
	size_t n_devices;
	const struct digest *const *releases;
	size_t n_releases;
};
struct past_deployment {
	int64_t device_id;
	struct digest release;
	enum deployment_state state;
	const char *reason;
};
size_t deployment_store_past(struct txn *txn, struct su_arena *arena,
	const struct past_query *query, struct past_deployment **out);
/* Newest first, older than before (NULL: from the newest). */
size_t deployment_store_list(struct txn *txn, struct su_arena *arena, int64_t device_id,
	const struct su_uuid *before, size_t limit, struct deployment **out);
size_t deployment_store_history(struct txn *txn, struct su_arena *arena, struct su_uuid id,
	struct deployment_history **out);

/* In flight for any of these devices, in no order; a device without one has no row. */
size_t deployment_store_active_batch(struct txn *txn, struct su_arena *arena,
	const int64_t *device_ids, size_t n, struct deployment **out);

/* In flight of one release, ordered by device_id, after the given one (0: from the start). Whoever
 * changes several deployments in one transaction keeps this order, or waits crosswise. */
struct deployment_page {
	int64_t after_device;
	size_t limit;
};
size_t deployment_store_of_release(struct txn *txn, struct su_arena *arena,
	const struct digest *release, const struct deployment_page *page, struct deployment **out);

struct unended {
	struct deployment deployment;
	const char *endpoint;
};
/* Of one release, also at an end, in the order in which they were made. */
struct release_page {
	const struct su_uuid *after;        /* NULL: from the start */
	const enum deployment_state *state; /* NULL: any */
	size_t limit;
};
size_t deployment_store_page_of_release(struct txn *txn, struct su_arena *arena,
	const struct digest *release, const struct release_page *page, struct unended **out);
/* In flight with a deadline that has passed, the longest overdue first. */
size_t deployment_store_overdue(struct txn *txn, struct su_arena *arena, int64_t now_ms,
	size_t limit, struct unended **out);
/* In flight with a next step that is due (plan.look_ms), or to be decided anew, the longest due first. */
size_t deployment_store_to_look_at(struct txn *txn, struct su_arena *arena, int64_t now_ms,
	size_t limit, struct unended **out);
/* In flight in one of these states though the release is withdrawn. */
size_t deployment_store_withdrawn(struct txn *txn, struct su_arena *arena,
	const enum deployment_state *states, size_t n_states, size_t limit, struct unended **out);

/* Every transition of a device's deployments, newest first, with an id below before (0: from the newest). */
struct device_history {
	int64_t id;
	struct su_uuid deployment;
	struct digest release;
	struct deployment_history step;
};
struct device_history_page {
	int64_t before;
	size_t limit;
};
size_t deployment_store_device_history(struct txn *txn, struct su_arena *arena, int64_t device_id,
	const struct device_history_page *page, struct device_history **out);

/* SU_CONFLICT in txn when another deployment of the device is in flight. Counters follow. */
void deployment_store_insert(struct txn *txn, const struct deployment *deployment,
	const struct deployment_history *first);
/* Writes state, plan, progress, reason...; SU_STALE in txn when row_version moved on. Counters follow.
 * step NULL: the state stays as it is. plan.reasons NULL: the stored ones stay. */
void deployment_store_update(struct txn *txn, const struct deployment *deployment,
	const struct deployment_history *step);
/* What is in flight on this device, if anything, is decided anew. The device is held (device_store_hold). */
void deployment_store_look_now(struct txn *txn, int64_t device_id, int64_t now_ms);
/* Tells every suitd that what it remembers of this device is old (NOTIFY). */
void deployment_store_notify(struct txn *txn, const char *endpoint);
