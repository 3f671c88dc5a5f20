/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deciding anew what is in flight after the policy has changed, or the clock went back: policy_store_insert leaves a job, and pages
 * of deployments become due (deployment_store_to_look_at), whatever their devices report meanwhile. One process works on the job at a time; what a crash
 * leaves goes on where its last page was committed.
 */
#pragma once

#include "store/txn.h"

void replan_store_start(struct txn *txn, int64_t policy_version);
/* When a deployment changed last, by the clock of then; 0: never. */
int64_t replan_store_newest_change(struct txn *txn);
/* The next deployments, in the order of their devices, become due within spread_ms from now_ms on. False: there
 * is no job, or somebody else has it. */
struct replan_page {
	int64_t now_ms, spread_ms;
	size_t limit;
};
bool replan_store_page(struct txn *txn, const struct replan_page *page);
