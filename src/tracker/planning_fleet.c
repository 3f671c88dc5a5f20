/* SPDX-License-Identifier: Apache-2.0 */
/* One page: its devices are judged as a poll would, and get their deployments with a plan. */
#include "tracker/planning_fleet.h"

#include "base/log.h"
#include "base/memory.h"
#include "store/component_progress_store.h"
#include "store/deployment_store.h"
#include "store/device_store.h"
#include "store/plan_job_store.h"
#include "tracker/follow.h"
#include "tracker/lifecycle.h"
#include "tracker/planner.h"
#include "tracker/planner_memory.h"
#include "tracker/planning.h"

#define PAGE_DEVICES 100
#define MAX_ATTEMPTS 4 /* then it is decided when the device polls */

struct page {
	const struct planning_desk *desk;
	struct txn txn;
	struct su_arena *arena;
	struct planner_memory *memory;
};

static struct planning planning_of(struct page *page)
{
	return (struct planning){
		.policy = page->desk->policy,
		.ledger = page->desk->ledger,
		.txn = &page->txn,
		.arena = page->arena,
		.now_ms = page->desk->now_ms,
		.memory = page->memory,
	};
}

/* A device that says nothing of how it can be reached is waited for. */
static bool is_spoken_to(struct page *page, const struct device *device)
{
	struct choice_reason reason;
	const struct planning planning = planning_of(page);
	return device_profile(device).has_reachability ||
	       planning_mode(&planning, device, &reason) != MODE_CLIENT;
}

/* False: what is in flight stays. */
static bool make_way(struct page *page, const struct device *device, const struct digest *chosen)
{
	struct deployment active;
	struct deployment_history step;
	if (!deployment_store_active(&page->txn, page->arena, device->id, &active))
		return txn_ok(&page->txn);
	if (digest_equal(&active.release, chosen) || active.named_by_operator ||
		lifecycle_apply(&active, EVENT_SUPERSEDE, "suitd",
			"a newer release takes its place", page->desk->now_ms,
			&step) != LIFECYCLE_MOVE)
		return false;
	deployment_store_update(&page->txn, &active, &step);
	return txn_ok(&page->txn);
}

static void insert_planned(
	struct page *page, const struct device *device, const struct plan_candidate *choice)
{
	const int64_t now_ms = page->desk->now_ms;
	struct deployment deployment = {
		.id = su_uuid_v7(now_ms),
		.device_id = device->id,
		.release = choice->release.digest,
		.state = DEPLOYMENT_PLANNED,
		.created_at_ms = now_ms,
		.changed_at_ms = now_ms,
		.row_version = 1,
	};
	const struct deployment_history first = {
		.at_ms = now_ms,
		.from = DEPLOYMENT_PLANNED,
		.to = DEPLOYMENT_PLANNED,
		.event = "plan",
		.actor = "suitd",
	};
	const struct planning planning = planning_of(page);
	struct step step;
	planning_decide(&planning, device, &choice->release, &deployment, &step);
	deployment_store_insert(&page->txn, &deployment, &first);
	component_progress_store_put(&page->txn, deployment.id,
		follow_judge(page->arena, &choice->proof, &device->told, now_ms),
		choice->proof.n_components);
	deployment_store_notify(&page->txn, device->endpoint);
}

static bool has_ended_for_good(const struct deployment *deployment)
{
	return deployment->state == DEPLOYMENT_FAILED || deployment->state == DEPLOYMENT_REJECTED ||
	       deployment->state == DEPLOYMENT_CANCELLED;
}

/*
 * It may have spoken since the page was read: it may run by now what was chosen for it, or have failed with
 * it, which does not touch its own row. From here on it waits.
 */
static bool is_unchanged(struct page *page, struct device *device, const struct digest *chosen)
{
	const int64_t row_version = device->row_version;
	struct deployment last;
	return device_store_hold(&page->txn, device->endpoint) &&
	       device_store_get(&page->txn, page->arena, device->endpoint, device) &&
	       device->row_version == row_version &&
	       !(deployment_store_latest(&page->txn, page->arena, device->id, chosen, &last) &&
		       has_ended_for_good(&last));
}

static void plan_device(struct page *page, struct device *device)
{
	struct planner planner = { &page->txn, page->desk->blobs, page->arena, page->desk->now_ms,
		page->memory };
	for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
		struct plan plan;
		if (device->removed_at_ms != 0 || !is_spoken_to(page, device))
			return;
		planner_choose(&planner, device, &plan);
		if (!txn_ok(&page->txn) || !plan.choice)
			return;
		const struct digest *chosen = &plan.choice->release.digest;
		if (!is_unchanged(page, device, chosen)) {
			planner.memory = NULL; /* it is of before */
			continue;
		}
		if (make_way(page, device, chosen))
			insert_planned(page, device, plan.choice);
		return;
	}
}

static void plan_devices(struct page *page, const struct planned_device *found, size_t n)
{
	const char **endpoints = su_arena_array(page->arena, n, sizeof(*endpoints));
	struct device *devices;
	for (size_t i = 0; i < n; i++)
		endpoints[i] = found[i].endpoint;
	device_store_get_batch(&page->txn, page->arena, endpoints, n, &devices);
	if (!txn_ok(&page->txn))
		return;
	struct planner_memory *memory su_auto(planner_memory_free) =
		planner_memory_new(&page->txn, page->desk->blobs, page->arena);
	const struct device **all = su_arena_array(page->arena, n, sizeof(*all));
	for (size_t i = 0; i < n; i++)
		all[i] = &devices[i];
	planner_memory_recall(memory, all, n);
	page->memory = memory;
	for (size_t i = 0; i < n && txn_ok(&page->txn); i++)
		plan_device(page, &devices[i]);
	page->memory = NULL;
}

bool planning_fleet_page(const struct planning_desk *desk, struct store_conn *conn)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct page page = { .desk = desk, .txn = txn_begin(conn), .arena = arena };
	struct planned_device *found = NULL;
	struct plan_job job;
	struct su_error error;
	bool claimed = plan_job_store_claim(&page.txn, arena, &job);
	if (claimed) {
		plan_job_store_lock(&page.txn);
		size_t n = plan_job_store_page(&page.txn, arena, &job, PAGE_DEVICES, &found);
		if (n > 0)
			plan_devices(&page, found, n);
		if (n == PAGE_DEVICES)
			plan_job_store_advance(&page.txn, &job, found[n - 1].id);
		else
			plan_job_store_end(&page.txn, &job);
	}
	if (txn_commit(&page.txn, &error) == SU_OK)
		return claimed;
	int64_t left_out;
	if (su_log_limit_let(desk->complaints, 1, desk->now_ms, &left_out))
		su_log(SU_LOG_WARNING, "a page of devices could not be planned",
			SU_STR("error", error.text), SU_INT("left_out", left_out));
	return false;
}
