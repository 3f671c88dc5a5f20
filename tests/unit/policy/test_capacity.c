/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger: bounds in all, per site and per class, shares, and giving back. */
#include "policy/capacity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define SLOT    CAPACITY_SLOT_MS
#define FOREVER INT64_MAX

static struct booking of(int64_t from_ms, int64_t transfer_ms)
{
	return (struct booking){
		.share = 1, .from_ms = from_ms, .until_ms = FOREVER, .transfer_ms = transfer_ms
	};
}

static int64_t book(struct capacity *capacity, struct booking booking)
{
	int64_t start_ms = -1;
	return capacity_book(capacity, &booking, &start_ms) ? start_ms : -1;
}

static void test_one_after_the_other(void **state)
{
	(void)state;
	struct capacity *capacity = capacity_new(&(struct policy_capacity){ .downloads = 1 });
	assert_int_equal(book(capacity, of(0, SLOT)), 0);
	assert_int_equal(book(capacity, of(0, SLOT)), SLOT);
	/* Four of a quarter share a slot. */
	for (int i = 0; i < 4; i++)
		assert_int_equal(book(capacity, of(0, SLOT / 4)), 2 * SLOT + i * SLOT / 4);
	assert_int_equal(book(capacity, of(0, 3 * SLOT)), 3 * SLOT);
	assert_int_equal(book(capacity, of(0, 1)), 6 * SLOT);
	capacity_free(&capacity);
	assert_null(capacity);
}

/* Of bookings in any order, never more run at once than allowed. */
static void test_bound_holds(void **state)
{
	(void)state;
	enum { N = 400, DOWNLOADS = 5 };
	struct capacity *capacity =
		capacity_new(&(struct policy_capacity){ .downloads = DOWNLOADS });
	int64_t starts[N], ends[N];
	unsigned seed = 7;
	for (int i = 0; i < N; i++) {
		seed = seed * 1103515245 + 12345;
		int64_t length = 1 + (int64_t)(seed >> 8) % (i % 2 ? 7 * SLOT : SLOT / 2);
		int64_t from = (int64_t)(seed >> 4) % (50 * SLOT);
		starts[i] = book(capacity, of(from, length));
		ends[i] = starts[i] + length;
		assert_true(starts[i] >= from);
	}
	for (int i = 0; i < N; i++) {
		int at_once = 0;
		for (int j = 0; j < N; j++)
			at_once += starts[j] <= starts[i] && starts[i] < ends[j];
		assert_in_range(at_once, 1, DOWNLOADS);
	}
	capacity_free(&capacity);
}

static void test_no_room_in_time(void **state)
{
	(void)state;
	struct capacity *capacity = capacity_new(&(struct policy_capacity){ .downloads = 1 });
	assert_int_equal(book(capacity, of(0, 10 * SLOT)), 0);
	struct booking late = of(0, SLOT);
	late.until_ms = 10 * SLOT;
	assert_int_equal(book(capacity, late), -1);
	late.until_ms++;
	assert_int_equal(book(capacity, late), 10 * SLOT);
	struct booking none = of(5, SLOT);
	none.until_ms = 5;
	assert_int_equal(book(capacity, none), -1);
	capacity_free(&capacity);
}

static void test_sites_and_classes(void **state)
{
	(void)state;
	const struct su_uuid small = { { 1 } }, other = { { 2 } };
	const struct policy_class_bound bound = { small, 1 };
	struct capacity *capacity = capacity_new(&(struct policy_capacity){
		.downloads = 100, .downloads_per_site = 2, .n_classes = 1, .classes = &bound });
	struct booking at_home = of(0, SLOT);
	at_home.site = "home";
	assert_int_equal(book(capacity, at_home), 0);
	assert_int_equal(book(capacity, at_home), 0);
	assert_int_equal(book(capacity, at_home), SLOT);
	struct booking elsewhere = at_home;
	elsewhere.site = "elsewhere";
	assert_int_equal(book(capacity, elsewhere), 0);
	struct booking classed = of(0, SLOT);
	classed.class_id = &small;
	assert_int_equal(book(capacity, classed), 0);
	assert_int_equal(book(capacity, classed), SLOT);
	classed.class_id = &other;
	assert_true(book(capacity, classed) < SLOT);
	capacity_free(&capacity);
}

static void test_many_sites(void **state)
{
	(void)state;
	struct capacity *capacity =
		capacity_new(&(struct policy_capacity){ .downloads_per_site = 1 });
	char site[16];
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 5000; i++) {
			snprintf(site, sizeof(site), "site-%d", i);
			struct booking booking = of(0, SLOT);
			booking.site = site;
			assert_int_equal(book(capacity, booking), round * SLOT);
		}
	capacity_free(&capacity);
}

/* The urgent may take all; the others leave room, but one of them always passes. */
static void test_shares(void **state)
{
	(void)state;
	struct capacity *capacity = capacity_new(&(struct policy_capacity){ .downloads = 4 });
	struct booking normal = of(0, SLOT);
	normal.share = 0.5;
	assert_true(book(capacity, normal) < SLOT);
	assert_true(book(capacity, normal) < SLOT);
	assert_true(book(capacity, normal) >= SLOT);
	assert_true(book(capacity, of(0, SLOT / 4)) < SLOT);
	struct booking least = of(10 * SLOT, SLOT);
	least.share = 0.01;
	assert_int_equal(book(capacity, least), 10 * SLOT);
	assert_int_equal(book(capacity, least), 11 * SLOT);
	capacity_free(&capacity);
}

static void test_release_and_forget(void **state)
{
	(void)state;
	struct capacity *capacity = capacity_new(&(struct policy_capacity){ .downloads = 1 });
	struct booking booking = of(0, 4 * SLOT);
	assert_int_equal(book(capacity, booking), 0);
	assert_int_equal(book(capacity, of(0, SLOT)), 4 * SLOT);
	/* What is over stays used. */
	capacity_release(capacity, &booking, 0, 2 * SLOT);
	assert_int_equal(book(capacity, of(0, 2 * SLOT)), 2 * SLOT);
	capacity_release(capacity, &booking, 0, 100 * SLOT);
	assert_int_equal(book(capacity, of(0, SLOT)), 5 * SLOT);
	capacity_forget(capacity, 5 * SLOT);
	assert_int_equal(book(capacity, of(5 * SLOT, SLOT)), 6 * SLOT);
	capacity_free(&capacity);
}

static void test_unbounded(void **state)
{
	(void)state;
	struct capacity *capacity = capacity_new(&(struct policy_capacity){ 0 });
	for (int i = 0; i < 1000; i++)
		assert_int_equal(book(capacity, of(17, SLOT)), 17);
	capacity_free(&capacity);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_after_the_other),
		cmocka_unit_test(test_bound_holds),
		cmocka_unit_test(test_no_room_in_time),
		cmocka_unit_test(test_sites_and_classes),
		cmocka_unit_test(test_many_sites),
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_release_and_forget),
		cmocka_unit_test(test_unbounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
