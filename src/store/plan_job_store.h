/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs that plan a release for the devices that it targets, page by page. A job is worked on by one
 * process at a time; what a crash leaves goes on where its last page was committed.
 */
#pragma once

#include "base/arena.h"
#include "model/digest.h"
#include "store/txn.h"

struct plan_job {
	int64_t id;
	struct digest release;
	int64_t after_device; /* planned up to this one */
};

/* From the first device on, also when it is under way. Nothing for a release without a target. */
void plan_job_store_add(struct txn *txn, const struct digest *release, int64_t now_ms);
/* The oldest that nobody works on; it is held until the end of the transaction. */
bool plan_job_store_claim(struct txn *txn, struct su_arena *arena, struct plan_job *out);
void plan_job_store_advance(struct txn *txn, const struct plan_job *job, int64_t after_device);
void plan_job_store_end(struct txn *txn, const struct plan_job *job);
/* One planner of pages at a time, until the end of the transaction. */
/*
 * Lets the server look how large its tables are by now, where they have grown many times over: a first release
 * for a large fleet must not be planned by plans for small tables until the server looks by itself.
 */
void plan_job_store_heed_growth(struct txn *txn);
void plan_job_store_lock(struct txn *txn);

/* The next devices that bear a vendor or class of the release, by identifier. */
struct planned_device {
	int64_t id;
	const char *endpoint;
};
size_t plan_job_store_page(struct txn *txn, struct su_arena *arena, const struct plan_job *job,
	size_t limit, struct planned_device **out);
