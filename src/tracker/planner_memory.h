/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What planning for one device has read, for the next one in the same transaction: devices of a fleet
 * have the same class, the same firmware and the same candidates. Bounded. One thread.
 */
#pragma once

#include "policy/estimate.h"
#include "store/blob.h"
#include "store/deployment_store.h"
#include "tracker/release_facts.h"
#include "tracker/release_view.h"

struct planner_memory;

/* What it gives is in the arena, but for views. */
struct planner_memory *planner_memory_new(
	struct txn *txn, struct blob_store *blobs, struct su_arena *arena);
void planner_memory_free(struct planner_memory **memory);

/* These devices will be planned for: reads at once what went before on them. */
void planner_memory_recall(
	struct planner_memory *memory, const struct device *const *devices, size_t n);

/* release_store_candidates() for what a device has told. */
size_t planner_memory_candidates(struct planner_memory *memory, const struct characteristics *told,
	const struct release **out);
/* release_store_installed(): fills in the sequence numbers that are known. */
void planner_memory_installed(struct planner_memory *memory, struct characteristics *told);
/* The newest deployment of a release to a device; only its state and reason are filled in. */
bool planner_memory_past(struct planner_memory *memory, int64_t device_id,
	const struct digest *release, struct past_deployment *out);
/* release_view_load() of a release, its proof extended by release_tree_extend(). Valid until the next one. */
enum su_status planner_memory_view(struct planner_memory *memory, const struct release *release,
	const struct release_view **out, struct su_error *err) SU_MUST_CHECK;
/* release_facts_load(); a reference of its own. */
enum su_status planner_memory_facts(struct planner_memory *memory, const struct digest *release,
	struct release_facts **out, struct su_error *err) SU_MUST_CHECK;
/* release_store_published() */
int64_t planner_memory_published(
	struct planner_memory *memory, const struct installed_component *const *running, size_t n);
struct estimate planner_memory_estimate(struct planner_memory *memory, struct su_uuid class_id);
