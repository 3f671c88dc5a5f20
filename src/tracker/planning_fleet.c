/* SPDX-License-Identifier: Apache-2.0 */
/* One page: its devices are judged as a poll would, and get their deployments with a plan. */
#include "tracker/planning_fleet.h"

#include "base/log.h"
#include "base/memory.h"
#include "store/deployment_batch.h"
#include "store/deployment_store.h"
#include "store/device_store.h"
#include "store/plan_job_store.h"
#include "tracker/follow.h"
#include "tracker/lifecycle.h"
#include "tracker/planner.h"
#include "tracker/planner_memory.h"
#include "tracker/planning.h"

#define PAGE_DEVICES 100

struct page {
	const struct planning_desk *desk;
	struct txn txn;
	struct su_arena *arena;
	struct planner_memory *memory;
	size_t n;
	const struct device **devices; /* those that are spoken to */
	size_t n_active;
	struct deployment *active; /* in flight on them */
	struct deployment_batch *batch;
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
	return device->id != 0 && device->removed_at_ms == 0 &&
	       (device_profile(device).has_reachability ||
		       planning_mode(&planning, device, &reason) != MODE_CLIENT);
}

/* False: what is in flight stays. */
static bool make_way(struct page *page, const struct device *device, const struct digest *chosen)
{
	struct deployment_history step;
	size_t i = 0;
	while (i < page->n_active && page->active[i].device_id != device->id)
		i++;
	if (i == page->n_active)
		return true;
	struct deployment *active = &page->active[i];
	if (digest_equal(&active->release, chosen) || active->named_by_operator ||
		lifecycle_apply(active, EVENT_SUPERSEDE, "suitd", "a newer release takes its place",
			page->desk->now_ms, &step) != LIFECYCLE_MOVE)
		return false;
	deployment_batch_move(page->batch, &page->txn, active, &step);
	return true;
}

static void add_planned(
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
	deployment_batch_add(page->batch, &page->txn, &deployment, &first);
	deployment_batch_add_components(page->batch, deployment.id,
		follow_judge(page->arena, &choice->proof, &device->told, now_ms),
		choice->proof.n_components);
	deployment_batch_tell(page->batch, device->endpoint);
}

static void plan_device(struct page *page, const struct device *device)
{
	const struct planner planner = { &page->txn, page->desk->blobs, page->arena,
		page->desk->now_ms, page->memory };
	struct plan plan;
	planner_choose(&planner, device, &plan);
	if (txn_ok(&page->txn) && plan.choice &&
		make_way(page, device, &plan.choice->release.digest))
		add_planned(page, device, plan.choice);
}

static void read_devices(struct page *page, const struct planned_device *found, size_t n)
{
	const char **endpoints = su_arena_array(page->arena, n, sizeof(*endpoints));
	struct device *devices;
	for (size_t i = 0; i < n; i++)
		endpoints[i] = found[i].endpoint;
	device_store_get_batch(&page->txn, page->arena, endpoints, n, &devices);
	page->devices = su_arena_array(page->arena, n, sizeof(*page->devices));
	for (size_t i = 0; i < n && txn_ok(&page->txn); i++)
		if (is_spoken_to(page, &devices[i]))
			page->devices[page->n++] = &devices[i];
}

/*
 * From here on they wait, and what they run, what is in flight on them and how it went before stands. Who has
 * spoken since it was read is read again.
 */
static void hold_devices(struct page *page)
{
	const size_t n = page->n;
	bool *changed = su_arena_array(page->arena, n, sizeof(*changed));
	device_store_hold_all(&page->txn, page->devices, n, changed);
	page->n = 0;
	for (size_t i = 0; i < n; i++) {
		const struct device *device = page->devices[i];
		struct device *again = su_arena_new_of(page->arena, struct device);
		if (changed[i]) {
			(void)device_store_get(&page->txn, page->arena, device->endpoint, again);
			device = again;
		}
		if (is_spoken_to(page, device))
			page->devices[page->n++] = device;
	}
}

static void read_active(struct page *page)
{
	int64_t *ids = su_arena_array(page->arena, page->n, sizeof(*ids));
	for (size_t i = 0; i < page->n; i++)
		ids[i] = page->devices[i]->id;
	page->n_active =
		deployment_store_active_batch(&page->txn, page->arena, ids, page->n, &page->active);
}

static void plan_devices(struct page *page)
{
	struct planner_memory *memory su_auto(planner_memory_free) =
		planner_memory_new(&page->txn, page->desk->blobs, page->arena);
	struct deployment_batch *batch su_auto(deployment_batch_free) = deployment_batch_new();
	hold_devices(page);
	read_active(page);
	planner_memory_recall(memory, page->devices, page->n);
	page->memory = memory;
	page->batch = batch;
	for (size_t i = 0; i < page->n && txn_ok(&page->txn); i++)
		plan_device(page, page->devices[i]);
	deployment_batch_write(batch, &page->txn);
	page->memory = NULL;
	page->batch = NULL;
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
		plan_job_store_heed_growth(&page.txn);
		size_t n = plan_job_store_page(&page.txn, arena, &job, PAGE_DEVICES, &found);
		read_devices(&page, found, n);
		if (page.n > 0)
			plan_devices(&page);
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
