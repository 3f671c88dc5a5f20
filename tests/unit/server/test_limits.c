/* SPDX-License-Identifier: Apache-2.0 */
/* Connections per address, and who is cut for not moving; time and traffic are made up. */
#include "server/limits.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define IDLE_MS   60000
#define MIN_BYTES 256
#define N_FDS     8

static uint64_t moved[N_FDS];
static bool was_cut[N_FDS];

static uint64_t bytes_moved(int fd)
{
	return moved[fd];
}

static void cut(int fd)
{
	was_cut[fd] = true;
}

static struct limits *new_limits(unsigned max_per_address)
{
	const struct limits_opts opts = {
		.max_per_address = max_per_address,
		.idle_ms = IDLE_MS,
		.min_progress_bytes = MIN_BYTES,
		.bytes_moved = bytes_moved,
		.cut = cut,
	};
	memset(moved, 0, sizeof(moved));
	memset(was_cut, 0, sizeof(was_cut));
	return limits_new(&opts);
}

/* Valid until the next call. */
static const struct sockaddr *address_of(const char *text)
{
	static struct sockaddr_storage storage;
	struct sockaddr_in *in = (struct sockaddr_in *)(void *)&storage;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)&storage;
	memset(&storage, 0, sizeof(storage));
	if (inet_pton(AF_INET, text, &in->sin_addr) == 1)
		storage.ss_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &in6->sin6_addr) == 1)
		storage.ss_family = AF_INET6;
	return (const struct sockaddr *)(const void *)&storage;
}

static void test_bounds_connections_of_an_address(void **state)
{
	(void)state;
	struct limits *limits = new_limits(2);
	struct limits_peer *one = limits_add(limits, address_of("192.0.2.1"), 0, 0);
	struct limits_peer *two = limits_add(limits, address_of("192.0.2.1"), 1, 0);
	assert_false(limits_admits(limits, address_of("192.0.2.1")));
	assert_false(limits_admits(limits, address_of("::ffff:192.0.2.1")));
	assert_true(limits_admits(limits, address_of("192.0.2.2")));
	limits_remove(limits, &one);
	assert_null(one);
	assert_true(limits_admits(limits, address_of("192.0.2.1")));
	limits_remove(limits, &two);
	limits_free(&limits);
}

static void test_counts_an_ipv6_network_as_one(void **state)
{
	(void)state;
	struct limits *limits = new_limits(1);
	struct limits_peer *peer = limits_add(limits, address_of("2001:db8:0:1::1"), 0, 0);
	assert_false(limits_admits(limits, address_of("2001:db8:0:1:ffff::9")));
	assert_true(limits_admits(limits, address_of("2001:db8:0:2::1")));
	limits_remove(limits, &peer);
	limits_free(&limits);
}

static void test_admits_all_without_a_bound(void **state)
{
	(void)state;
	struct limits *limits = new_limits(0);
	struct limits_peer *peers[N_FDS];
	for (int fd = 0; fd < N_FDS; fd++) {
		assert_true(limits_admits(limits, address_of("192.0.2.1")));
		peers[fd] = limits_add(limits, address_of("192.0.2.1"), fd, 0);
	}
	for (int fd = 0; fd < N_FDS; fd++)
		limits_remove(limits, &peers[fd]);
	limits_free(&limits);
}

static void test_cuts_who_moves_too_little(void **state)
{
	(void)state;
	struct limits *limits = new_limits(0);
	struct limits_peer *dripping = limits_add(limits, address_of("192.0.2.1"), 0, 0);
	struct limits_peer *slow = limits_add(limits, address_of("192.0.2.1"), 1, 0);
	for (int64_t now_ms = IDLE_MS; now_ms <= 3 * IDLE_MS; now_ms += IDLE_MS) {
		moved[0] += 1;
		moved[1] += MIN_BYTES;
		limits_sweep(limits, now_ms);
	}
	assert_true(was_cut[0]);
	assert_false(was_cut[1]);
	assert_int_equal(limits_n_cut(limits), 3);
	limits_remove(limits, &dripping);
	limits_remove(limits, &slow);
	limits_free(&limits);
}

static void test_spares_who_completes_requests_or_waits_for_us(void **state)
{
	(void)state;
	struct limits *limits = new_limits(0);
	struct limits_peer *busy = limits_add(limits, address_of("192.0.2.1"), 0, 0);
	struct limits_peer *waiting = limits_add(limits, address_of("192.0.2.1"), 1, 0);
	limits_completed(busy);
	limits_pause(waiting, true);
	limits_sweep(limits, IDLE_MS);
	assert_false(was_cut[0]);
	limits_sweep(limits, 2 * IDLE_MS);
	assert_true(was_cut[0]);
	assert_false(was_cut[1]);

	limits_pause(waiting, false);
	limits_sweep(limits, 3 * IDLE_MS);
	assert_false(was_cut[1]);
	limits_sweep(limits, 4 * IDLE_MS);
	assert_true(was_cut[1]);
	limits_remove(limits, &busy);
	limits_remove(limits, &waiting);
	limits_free(&limits);
}

static void test_says_when_to_come_back(void **state)
{
	(void)state;
	struct limits *limits = new_limits(0);
	assert_int_equal(limits_sweep(limits, 0), -1);
	struct limits_peer *first = limits_add(limits, address_of("192.0.2.1"), 0, 0);
	struct limits_peer *second = limits_add(limits, address_of("192.0.2.1"), 1, 10000);
	assert_int_equal(limits_sweep(limits, 10000), IDLE_MS - 10000);
	assert_int_equal(limits_sweep(limits, IDLE_MS), 10000);
	limits_remove(limits, &second);
	assert_int_equal(limits_sweep(limits, IDLE_MS), IDLE_MS);
	limits_remove(limits, &first);
	assert_int_equal(limits_sweep(limits, IDLE_MS), -1);
	limits_free(&limits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds_connections_of_an_address),
		cmocka_unit_test(test_counts_an_ipv6_network_as_one),
		cmocka_unit_test(test_admits_all_without_a_bound),
		cmocka_unit_test(test_cuts_who_moves_too_little),
		cmocka_unit_test(test_spares_who_completes_requests_or_waits_for_us),
		cmocka_unit_test(test_says_when_to_come_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
