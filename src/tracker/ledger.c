/* SPDX-License-Identifier: Apache-2.0 */
/* A lock around the policy's ledger, which is filled from the database. */
#include "tracker/ledger.h"

#include <pthread.h>

#include "base/memory.h"
#include "store/booking_store.h"

/* How long other processes' bookings may go unseen. */
#define REFRESH_MS 5000

struct ledger {
	pthread_mutex_t lock;
	struct capacity *capacity; /* NULL: to be read */
	int64_t read_ms;
	struct policy_capacity bounds; /* that it was made with, to notice others; no list */
};

struct ledger *ledger_new(void)
{
	struct ledger *ledger = su_new(struct ledger);
	pthread_mutex_init(&ledger->lock, NULL);
	return ledger;
}

void ledger_free(struct ledger **ledger)
{
	if (!ledger || !*ledger)
		return;
	capacity_free(&(*ledger)->capacity);
	pthread_mutex_destroy(&(*ledger)->lock);
	su_free_ptr(ledger);
}

static bool is_current(
	const struct ledger *ledger, const struct policy_capacity *bounds, int64_t now_ms)
{
	return ledger->capacity && now_ms >= ledger->read_ms &&
	       now_ms < ledger->read_ms + REFRESH_MS &&
	       ledger->bounds.downloads == bounds->downloads &&
	       ledger->bounds.downloads_per_site == bounds->downloads_per_site &&
	       ledger->bounds.classes == bounds->classes;
}

/* What was booked stands, whatever the bounds are now: each takes its place with the whole share. */
static void read_bookings(
	struct ledger *ledger, struct txn *txn, const struct policy *policy, int64_t now_ms)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct stored_booking *stored;
	size_t n = booking_store_list(txn, arena, now_ms, &stored);
	capacity_free(&ledger->capacity);
	ledger->capacity = capacity_new(&policy->capacity);
	ledger->bounds = policy->capacity;
	ledger->read_ms = now_ms;
	for (size_t i = 0; i < n; i++) {
		const struct booking booking = {
			.site = stored[i].site,
			.class_id = stored[i].has_class ? &stored[i].class_id : NULL,
			.share = 1,
			.from_ms = stored[i].download_ms,
			.until_ms = stored[i].download_ms + CAPACITY_SLOT_MS,
			.transfer_ms = stored[i].transfer_ms,
		};
		int64_t start;
		(void)!capacity_book(ledger->capacity, &booking, &start);
	}
	if (!txn_ok(txn))
		capacity_free(&ledger->capacity);
}

bool ledger_book(struct ledger *ledger, struct txn *txn, const struct policy *policy,
	const struct booking *booking, int64_t now_ms, int64_t *start_out)
{
	pthread_mutex_lock(&ledger->lock);
	if (!is_current(ledger, &policy->capacity, now_ms))
		read_bookings(ledger, txn, policy, now_ms);
	bool found = ledger->capacity && capacity_book(ledger->capacity, booking, start_out);
	pthread_mutex_unlock(&ledger->lock);
	return found;
}
