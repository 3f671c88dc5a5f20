/* SPDX-License-Identifier: Apache-2.0 */
/* How far a release is: its deployments, counted by what they have in common, and what is still to begin. */
#pragma once

#include "base/arena.h"
#include "model/deployment.h"
#include "store/txn.h"

/* Deployments that have state, mode and class in common. Times are 0 where none has one. */
struct release_plan_group {
	enum deployment_state state;
	enum update_mode mode;
	enum urgency urgency;
	uint64_t n;
	uint64_t n_late;    /* in flight, though the deadline of their class is over */
	uint64_t n_untimed; /* in flight without an expected installation */
	int64_t due_ms;     /* the last deadline */
	int64_t changed_ms; /* the last change */
	int64_t begin_ms;   /* the last beginning of a download or an installation */
	int64_t install_ms; /* the last beginning of an installation */
};
size_t release_plan_store_groups(struct txn *txn, struct su_arena *arena,
	const struct digest *release, int64_t now_ms, struct release_plan_group **out);

/* Whether the planner is still on its way through the devices that the release is for. */
bool release_plan_store_is_under_way(struct txn *txn, const struct digest *release);

/* What begins within width_ms from begin_ms on. Spans in which nothing begins are left out. */
struct release_plan_span {
	int64_t begin_ms;
	uint64_t n_downloads, n_installs;
};
struct release_plan_range {
	const struct digest *release;
	int64_t now_ms; /* what should have begun before begins now */
	int64_t width_ms;
};
size_t release_plan_store_spans(struct txn *txn, struct su_arena *arena,
	const struct release_plan_range *range, struct release_plan_span **out);
