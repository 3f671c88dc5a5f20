/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger: booked milliseconds of link per bound and slot, in one hash table. */
#include "policy/capacity.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/span.h"

/* One in so many of the places may be begun before the last one is filled. */
#define SPARE_PART  4
#define FIRST_CELLS 1024
#define MAX_BOUNDS  3 /* on one booking: in all, of its site, of its device class */

/* Bound 0 is the one on all; classes follow in the order of the policy, then sites as they appear. */
#define BOUND_ALL 0

struct cell {
	uint32_t bound_plus_one; /* 0: free */
	int64_t slot;
	int64_t used_ms;
};

struct site {
	char *name;
	uint32_t next_plus_one; /* of the same bucket */
};

struct capacity {
	struct policy_capacity bounds;
	size_t n_cells, n_used; /* n_cells is a power of two */
	struct cell *cells;
	size_t n_sites, sites_room;
	struct site *sites;
	size_t n_buckets;
	uint32_t *buckets; /* index + 1 of the first site */
	/* Slots [full_from, full_until) have no room in all for shares up to full_share. */
	int64_t full_from, full_until;
	double full_share;
};

/* A bound that a booking meets, and what it may use of it. */
struct limit {
	uint32_t bound;
	int64_t downloads;
};
struct limits {
	size_t n;
	struct limit at[MAX_BOUNDS];
};

struct capacity *capacity_new(const struct policy_capacity *bounds)
{
	struct capacity *capacity = su_new(struct capacity);
	capacity->bounds = *bounds;
	struct policy_class_bound *classes =
		su_new_array(bounds->n_classes + 1, sizeof(*bounds->classes));
	if (bounds->n_classes > 0)
		memcpy(classes, bounds->classes, bounds->n_classes * sizeof(*classes));
	capacity->bounds.classes = classes;
	capacity->n_cells = FIRST_CELLS;
	capacity->cells = su_new_array(capacity->n_cells, sizeof(struct cell));
	capacity->n_buckets = FIRST_CELLS;
	capacity->buckets = su_new_array(capacity->n_buckets, sizeof(uint32_t));
	return capacity;
}

void capacity_free(struct capacity **capacity)
{
	struct capacity *it = *capacity;
	if (it == NULL)
		return;
	for (size_t i = 0; i < it->n_sites; i++)
		free(it->sites[i].name);
	free(it->sites);
	free(it->buckets);
	free(it->cells);
	free((void *)it->bounds.classes);
	free(it);
	*capacity = NULL;
}

static size_t mix(uint64_t a, uint64_t b)
{
	uint64_t hash = (a + 1) * UINT64_C(0x9e3779b97f4a7c15) ^ b * UINT64_C(0xc2b2ae3d27d4eb4f);
	hash ^= hash >> 29;
	return (size_t)(hash * UINT64_C(0xbf58476d1ce4e5b9) >> 20);
}

static struct cell *probe(struct cell *cells, size_t n_cells, uint32_t bound, int64_t slot)
{
	size_t at = mix(bound, (uint64_t)slot) & (n_cells - 1);
	while (cells[at].bound_plus_one != 0 &&
		(cells[at].bound_plus_one != bound + 1 || cells[at].slot != slot))
		at = (at + 1) & (n_cells - 1);
	return &cells[at];
}

/* Copies what lies at or after from_slot and is in use into a table of n_cells. */
static void rebuild(struct capacity *capacity, size_t n_cells, int64_t from_slot)
{
	struct cell *cells = su_new_array(n_cells, sizeof(struct cell));
	capacity->n_used = 0;
	for (size_t i = 0; i < capacity->n_cells; i++) {
		const struct cell *old = &capacity->cells[i];
		if (old->bound_plus_one == 0 || old->slot < from_slot || old->used_ms == 0)
			continue;
		*probe(cells, n_cells, old->bound_plus_one - 1, old->slot) = *old;
		capacity->n_used++;
	}
	free(capacity->cells);
	capacity->cells = cells;
	capacity->n_cells = n_cells;
}

static int64_t used_ms(const struct capacity *capacity, uint32_t bound, int64_t slot)
{
	return probe(capacity->cells, capacity->n_cells, bound, slot)->used_ms;
}

static void use(struct capacity *capacity, uint32_t bound, int64_t slot, int64_t ms)
{
	if (2 * (capacity->n_used + 1) > capacity->n_cells)
		rebuild(capacity, 2 * capacity->n_cells, INT64_MIN);
	struct cell *cell = probe(capacity->cells, capacity->n_cells, bound, slot);
	if (cell->bound_plus_one == 0) {
		capacity->n_used++;
		*cell = (struct cell){ .bound_plus_one = bound + 1, .slot = slot };
	}
	cell->used_ms = cell->used_ms + ms > 0 ? cell->used_ms + ms : 0;
}

static uint32_t *bucket_of(const struct capacity *capacity, const char *site)
{
	const size_t hash = mix(su_span_hash(su_span_str(site)), 0);
	return &capacity->buckets[hash & (capacity->n_buckets - 1)];
}

static void grow_buckets(struct capacity *capacity)
{
	free(capacity->buckets);
	capacity->n_buckets *= 2;
	capacity->buckets = su_new_array(capacity->n_buckets, sizeof(uint32_t));
	for (size_t i = 0; i < capacity->n_sites; i++) {
		struct site *site = &capacity->sites[i];
		uint32_t *bucket = bucket_of(capacity, site->name);
		site->next_plus_one = *bucket;
		*bucket = (uint32_t)i + 1;
	}
}

/* The index of a site, which is remembered. */
static size_t site_index(struct capacity *capacity, const char *name)
{
	if (capacity->n_sites >= capacity->n_buckets)
		grow_buckets(capacity);
	uint32_t *bucket = bucket_of(capacity, name);
	for (uint32_t i = *bucket; i != 0; i = capacity->sites[i - 1].next_plus_one)
		if (strcmp(capacity->sites[i - 1].name, name) == 0)
			return i - 1;
	if (capacity->n_sites == capacity->sites_room) {
		capacity->sites_room = capacity->sites_room * 2 + 16;
		capacity->sites =
			su_grow(capacity->sites, capacity->sites_room, sizeof(struct site));
	}
	capacity->sites[capacity->n_sites] =
		(struct site){ .name = su_strdup(name), .next_plus_one = *bucket };
	*bucket = (uint32_t)++capacity->n_sites;
	return capacity->n_sites - 1;
}

static void add_limit(struct limits *limits, size_t bound, unsigned downloads, double share)
{
	int64_t allowed = (int64_t)(downloads * share);
	limits->at[limits->n++] = (struct limit){ (uint32_t)bound, allowed < 1 ? 1 : allowed };
}

static struct limits limits_of(struct capacity *capacity, const struct booking *booking)
{
	struct limits limits = { 0 };
	const struct policy_capacity *bounds = &capacity->bounds;
	if (bounds->downloads > 0)
		add_limit(&limits, BOUND_ALL, bounds->downloads, booking->share);
	for (size_t i = 0; booking->class_id != NULL && i < bounds->n_classes; i++) {
		if (!su_uuid_equal(bounds->classes[i].class_id, *booking->class_id))
			continue;
		add_limit(&limits, 1 + i, bounds->classes[i].downloads, booking->share);
		break;
	}
	if (booking->site != NULL && bounds->downloads_per_site > 0)
		add_limit(&limits, 1 + bounds->n_classes + site_index(capacity, booking->site),
			bounds->downloads_per_site, booking->share);
	return limits;
}

static int64_t slot_of(int64_t at_ms)
{
	return at_ms / CAPACITY_SLOT_MS;
}

/* Whether a slot has a place that need_ms of are free: the one in hand, or a whole one. */
static bool has_room(
	const struct capacity *capacity, const struct limits *limits, int64_t slot, int64_t need_ms)
{
	for (size_t i = 0; i < limits->n; i++)
		if (used_ms(capacity, limits->at[i].bound, slot) + need_ms >
			limits->at[i].downloads * CAPACITY_SLOT_MS)
			return false;
	return true;
}

/* The first slot that [start, end) touches and that has no room; -1: all have. */
static int64_t first_full(const struct capacity *capacity, const struct limits *limits,
	int64_t start_ms, int64_t end_ms)
{
	for (int64_t slot = slot_of(start_ms); slot * CAPACITY_SLOT_MS < end_ms; slot++)
		if (!has_room(capacity, limits, slot,
			    slot == slot_of(start_ms) ? 1 : CAPACITY_SLOT_MS))
			return slot;
	return -1;
}

/* In a slot, places are filled one after the other: where the one in hand becomes free. */
static int64_t free_from_ms(
	const struct capacity *capacity, const struct limits *limits, int64_t slot)
{
	int64_t offset_ms = 0;
	for (size_t i = 0; i < limits->n; i++) {
		int64_t filled_ms = used_ms(capacity, limits->at[i].bound, slot) % CAPACITY_SLOT_MS;
		offset_ms = filled_ms > offset_ms ? filled_ms : offset_ms;
	}
	return slot * CAPACITY_SLOT_MS + offset_ms;
}

/* As long as a quarter of the places is free nobody is kept waiting for the one in hand. */
static bool has_spare(const struct capacity *capacity, const struct limits *limits, int64_t slot)
{
	for (size_t i = 0; i < limits->n; i++) {
		int64_t begun = used_ms(capacity, limits->at[i].bound, slot) / CAPACITY_SLOT_MS + 1;
		if (begun + 1 > limits->at[i].downloads * 3 / 4)
			return false;
	}
	return true;
}

/* Gives the rest of the place in hand away. */
static void open_place(struct capacity *capacity, const struct limits *limits, int64_t slot)
{
	for (size_t i = 0; i < limits->n; i++) {
		uint32_t bound = limits->at[i].bound;
		int64_t filled_ms = used_ms(capacity, bound, slot) % CAPACITY_SLOT_MS;
		if (filled_ms > 0)
			use(capacity, bound, slot, CAPACITY_SLOT_MS - filled_ms);
	}
}

/* Remembers that a slot is full in all, if that joins the run of such slots. */
static void note_full(
	struct capacity *capacity, const struct limits *limits, double share, int64_t slot)
{
	struct limits in_all = *limits;
	in_all.n = 1;
	if (limits->n == 0 || limits->at[0].bound != BOUND_ALL ||
		has_room(capacity, &in_all, slot, 1))
		return;
	if (share == capacity->full_share && slot == capacity->full_until) {
		capacity->full_until++;
	} else if (slot < capacity->full_from || slot > capacity->full_until ||
		   share > capacity->full_share) {
		capacity->full_from = slot;
		capacity->full_until = slot + 1;
		capacity->full_share = share;
	}
}

static int64_t skip_full(const struct capacity *capacity, double share, int64_t slot)
{
	if (share <= capacity->full_share && slot >= capacity->full_from &&
		slot < capacity->full_until)
		return capacity->full_until;
	return slot;
}

/* Whether a transfer fills its place to the end of the slot; of the last one it takes all, for exactness. */
static bool fills(int64_t slot, int64_t start_ms, int64_t end_ms)
{
	return slot_of(start_ms) != slot || end_ms >= (slot + 1) * CAPACITY_SLOT_MS;
}

static void take(
	struct capacity *capacity, const struct limits *limits, int64_t start_ms, int64_t end_ms)
{
	for (int64_t slot = slot_of(start_ms); slot * CAPACITY_SLOT_MS < end_ms; slot++) {
		for (size_t i = 0; i < limits->n; i++) {
			uint32_t bound = limits->at[i].bound;
			int64_t filled_ms = used_ms(capacity, bound, slot) % CAPACITY_SLOT_MS;
			int64_t new_ms = slot_of(start_ms) != slot ? filled_ms + CAPACITY_SLOT_MS
					 : fills(slot, start_ms, end_ms)
						 ? CAPACITY_SLOT_MS
						 : end_ms - slot * CAPACITY_SLOT_MS;
			use(capacity, bound, slot, new_ms - filled_ms);
		}
	}
}

bool capacity_book(struct capacity *capacity, const struct booking *booking, int64_t *start_out)
{
	struct limits limits = limits_of(capacity, booking);
	int64_t until_ms = booking->until_ms;
	if (until_ms > booking->from_ms + CAPACITY_HORIZON_MS)
		until_ms = booking->from_ms + CAPACITY_HORIZON_MS;
	int64_t at_ms = booking->from_ms;
	while (at_ms < until_ms) {
		int64_t slot = skip_full(capacity, booking->share, slot_of(at_ms));
		if (slot != slot_of(at_ms)) {
			at_ms = slot * CAPACITY_SLOT_MS;
			continue;
		}
		int64_t free_ms = free_from_ms(capacity, &limits, slot);
		if (free_ms > at_ms && has_spare(capacity, &limits, slot)) {
			open_place(capacity, &limits, slot);
			free_ms = at_ms;
		}
		int64_t start_ms = free_ms > at_ms ? free_ms : at_ms;
		int64_t end_ms = start_ms + booking->transfer_ms;
		int64_t full = first_full(capacity, &limits, start_ms, end_ms);
		if (full < 0 && start_ms >= until_ms)
			return false;
		if (full < 0) {
			take(capacity, &limits, start_ms, end_ms);
			*start_out = start_ms;
			return true;
		}
		note_full(capacity, &limits, booking->share, full);
		at_ms = (full + 1) * CAPACITY_SLOT_MS;
	}
	return false;
}

void capacity_release(
	struct capacity *capacity, const struct booking *booking, int64_t start_ms, int64_t now_ms)
{
	struct limits limits = limits_of(capacity, booking);
	int64_t end_ms = start_ms + booking->transfer_ms;
	int64_t slot = slot_of(start_ms > now_ms ? start_ms : now_ms);
	/* Only whole places can be given back: what follows in a filled part stays where it is. */
	for (; slot * CAPACITY_SLOT_MS < end_ms; slot++)
		for (size_t i = 0; i < limits.n; i++)
			if (slot * CAPACITY_SLOT_MS >= start_ms &&
				slot * CAPACITY_SLOT_MS >= now_ms && fills(slot, start_ms, end_ms))
				use(capacity, limits.at[i].bound, slot, -CAPACITY_SLOT_MS);
	capacity->full_from = capacity->full_until = 0;
}

void capacity_forget(struct capacity *capacity, int64_t before_ms)
{
	size_t n_cells = capacity->n_cells;
	rebuild(capacity, n_cells, before_ms / CAPACITY_SLOT_MS);
	while (n_cells > FIRST_CELLS && 8 * capacity->n_used < n_cells)
		n_cells /= 2;
	if (n_cells != capacity->n_cells)
		rebuild(capacity, n_cells, INT64_MIN);
}
