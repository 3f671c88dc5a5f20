/* SPDX-License-Identifier: Apache-2.0 */
/* Block1 bodies: put together in order, bounded, dropped when late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "server/coap_body.h"

enum { MAX_BYTES = 256, MAX_BODIES = 3, MAX_PER_PEER = 2, TIMEOUT_MS = 1000 };

struct peer {
	int held;
};

static void hold(void *peer)
{
	((struct peer *)peer)->held++;
}

static void let_go(void *peer)
{
	((struct peer *)peer)->held--;
}

static struct coap_bodies *new_bodies(void)
{
	return coap_bodies_new(&(struct coap_body_opts){
		.max_body_bytes = MAX_BYTES,
		.max_bodies = MAX_BODIES,
		.max_bodies_per_peer = MAX_PER_PEER,
		.timeout_ms = TIMEOUT_MS,
		.on_begin = hold,
		.on_end = let_go,
	});
}

static struct coap_body_block block16(
	struct peer *peer, const char *key, uint32_t num, const char *payload, bool more)
{
	return (struct coap_body_block){ .peer = peer,
		.key = su_span_str(key),
		.num = num,
		.more = more,
		.payload = su_span_str(payload) };
}

static const char sixteen[] = "0123456789abcdef";

static void test_puts_blocks_together(void **state)
{
	(void)state;
	struct coap_bodies *bodies = new_bodies();
	struct peer peer = { 0 };
	struct su_span body;
	struct coap_body_block first = block16(&peer, "a", 0, sixteen, true);
	struct coap_body_block last = block16(&peer, "a", 1, "tail", false);
	assert_int_equal(coap_body_add(bodies, &first, 0, &body), COAP_BODY_CONTINUE);
	assert_int_equal(peer.held, 1);
	assert_int_equal(coap_body_add(bodies, &last, 10, &body), COAP_BODY_WHOLE);
	assert_true(su_span_equal_str(body, "0123456789abcdeftail"));
	assert_int_equal(peer.held, 0);
	assert_int_equal(coap_body_count(bodies), 0);
	coap_bodies_free(&bodies);
}

static void test_takes_a_single_block(void **state)
{
	(void)state;
	struct coap_bodies *bodies = new_bodies();
	struct peer peer = { 0 };
	struct su_span body;
	struct coap_body_block only = block16(&peer, "a", 0, "all", false);
	assert_int_equal(coap_body_add(bodies, &only, 0, &body), COAP_BODY_WHOLE);
	assert_true(su_span_equal_str(body, "all"));
	coap_bodies_free(&bodies);
}

static void test_accepts_a_repeated_block_once(void **state)
{
	(void)state;
	struct coap_bodies *bodies = new_bodies();
	struct peer peer = { 0 };
	struct su_span body;
	struct coap_body_block first = block16(&peer, "a", 0, sixteen, true);
	struct coap_body_block second = block16(&peer, "a", 1, sixteen, true);
	struct coap_body_block last = block16(&peer, "a", 2, "", false);
	assert_int_equal(coap_body_add(bodies, &first, 0, &body), COAP_BODY_CONTINUE);
	assert_int_equal(coap_body_add(bodies, &second, 0, &body), COAP_BODY_CONTINUE);
	assert_int_equal(coap_body_add(bodies, &second, 0, &body), COAP_BODY_CONTINUE);
	assert_int_equal(coap_body_add(bodies, &last, 0, &body), COAP_BODY_WHOLE);
	assert_int_equal(body.len, 32);
	coap_bodies_free(&bodies);
}

static void test_block_zero_begins_anew(void **state)
{
	(void)state;
	struct coap_bodies *bodies = new_bodies();
	struct peer peer = { 0 };
	struct su_span body;
	struct coap_body_block first = block16(&peer, "a", 0, sixteen, true);
	struct coap_body_block last = block16(&peer, "a", 1, "x", false);
	for (int i = 0; i < 10; i++)
		assert_int_equal(coap_body_add(bodies, &first, i, &body), COAP_BODY_CONTINUE);
	assert_int_equal(coap_body_count(bodies), 1);
	assert_int_equal(coap_body_add(bodies, &last, 20, &body), COAP_BODY_WHOLE);
	assert_int_equal(body.len, 17);
	coap_bodies_free(&bodies);
}

static void test_refuses_gaps_and_contradictions(void **state)
{
	(void)state;
	struct coap_bodies *bodies = new_bodies();
	struct peer peer = { 0 };
	struct su_span body;
	struct coap_body_block first = block16(&peer, "a", 0, sixteen, true);
	struct coap_body_block second = block16(&peer, "a", 1, sixteen, true);
	struct coap_body_block gap = block16(&peer, "a", 3, sixteen, true);
	struct coap_body_block early_end = block16(&peer, "a", 1, "x", false);
	assert_int_equal(coap_body_add(bodies, &second, 0, &body), COAP_BODY_INCOMPLETE);
	assert_int_equal(coap_body_count(bodies), 0);
	assert_int_equal(coap_body_add(bodies, &first, 0, &body), COAP_BODY_CONTINUE);
	assert_int_equal(coap_body_add(bodies, &gap, 0, &body), COAP_BODY_INCOMPLETE);
	assert_int_equal(coap_body_add(bodies, &second, 0, &body), COAP_BODY_CONTINUE);
	assert_int_equal(coap_body_add(bodies, &early_end, 0, &body), COAP_BODY_INCOMPLETE);
	coap_bodies_free(&bodies);
	assert_int_equal(peer.held, 0);
}

static void test_refuses_blocks_of_wrong_size(void **state)
{
	(void)state;
	struct coap_bodies *bodies = new_bodies();
	struct peer peer = { 0 };
	struct su_span body;
	struct coap_body_block brief = block16(&peer, "a", 0, "short", true);
	struct coap_body_block full = block16(&peer, "a", 0, "0123456789abcdefg", false);
	struct coap_body_block reserved = block16(&peer, "a", 0, "", false);
	reserved.szx = 7;
	assert_int_equal(coap_body_add(bodies, &brief, 0, &body), COAP_BODY_INVALID);
	assert_int_equal(coap_body_add(bodies, &full, 0, &body), COAP_BODY_INVALID);
	assert_int_equal(coap_body_add(bodies, &reserved, 0, &body), COAP_BODY_INVALID);
	assert_int_equal(coap_body_count(bodies), 0);
	coap_bodies_free(&bodies);
}

static void test_bounds_the_size(void **state)
{
	(void)state;
	struct coap_bodies *bodies = new_bodies();
	struct peer peer = { 0 };
	struct su_span body;
	struct coap_body_block announced = block16(&peer, "a", 0, sixteen, true);
	announced.has_size = true;
	announced.size_bytes = MAX_BYTES + 1;
	assert_int_equal(coap_body_add(bodies, &announced, 0, &body), COAP_BODY_TOO_LARGE);
	for (uint32_t num = 0; num < MAX_BYTES / 16; num++) {
		struct coap_body_block block = block16(&peer, "a", num, sixteen, true);
		assert_int_equal(coap_body_add(bodies, &block, 0, &body), COAP_BODY_CONTINUE);
	}
	struct coap_body_block beyond = block16(&peer, "a", MAX_BYTES / 16, "x", false);
	assert_int_equal(coap_body_add(bodies, &beyond, 0, &body), COAP_BODY_TOO_LARGE);
	assert_int_equal(coap_body_count(bodies), 0);
	struct coap_body_block far = block16(&peer, "a", 0xfffff, "x", false);
	assert_int_equal(coap_body_add(bodies, &far, 0, &body), COAP_BODY_TOO_LARGE);
	coap_bodies_free(&bodies);
	assert_int_equal(peer.held, 0);
}

static void test_bounds_the_number(void **state)
{
	(void)state;
	struct coap_bodies *bodies = new_bodies();
	struct peer one = { 0 }, two = { 0 };
	struct su_span body;
	struct coap_body_block a = block16(&one, "a", 0, sixteen, true);
	struct coap_body_block b = block16(&one, "b", 0, sixteen, true);
	struct coap_body_block c = block16(&one, "c", 0, sixteen, true);
	assert_int_equal(coap_body_add(bodies, &a, 0, &body), COAP_BODY_CONTINUE);
	assert_int_equal(coap_body_add(bodies, &b, 0, &body), COAP_BODY_CONTINUE);
	assert_int_equal(coap_body_add(bodies, &c, 0, &body), COAP_BODY_BUSY);
	c.peer = a.peer = &two;
	assert_int_equal(coap_body_add(bodies, &c, 0, &body), COAP_BODY_CONTINUE);
	assert_int_equal(coap_body_add(bodies, &a, 0, &body), COAP_BODY_BUSY);
	coap_bodies_free(&bodies);
	assert_int_equal(one.held + two.held, 0);
}

static void test_keeps_peers_and_keys_apart(void **state)
{
	(void)state;
	struct coap_bodies *bodies = new_bodies();
	struct peer one = { 0 }, two = { 0 };
	struct su_span body;
	struct coap_body_block a1 = block16(&one, "a", 0, sixteen, true);
	struct coap_body_block a2 = block16(&two, "a", 1, "x", false);
	struct coap_body_block b1 = block16(&one, "b", 1, "x", false);
	assert_int_equal(coap_body_add(bodies, &a1, 0, &body), COAP_BODY_CONTINUE);
	assert_int_equal(coap_body_add(bodies, &a2, 0, &body), COAP_BODY_INCOMPLETE);
	assert_int_equal(coap_body_add(bodies, &b1, 0, &body), COAP_BODY_INCOMPLETE);
	coap_bodies_free(&bodies);
}

static void test_drops_what_is_not_fed(void **state)
{
	(void)state;
	struct coap_bodies *bodies = new_bodies();
	struct peer peer = { 0 };
	struct su_span body;
	struct coap_body_block a = block16(&peer, "a", 0, sixteen, true);
	struct coap_body_block b = block16(&peer, "b", 0, sixteen, true);
	assert_int_equal(coap_body_expire(bodies, 0), 0);
	assert_int_equal(coap_body_add(bodies, &a, 0, &body), COAP_BODY_CONTINUE);
	assert_int_equal(coap_body_add(bodies, &b, 500, &body), COAP_BODY_CONTINUE);
	assert_int_equal(coap_body_expire(bodies, 500), TIMEOUT_MS);
	assert_int_equal(coap_body_expire(bodies, TIMEOUT_MS), 500 + TIMEOUT_MS);
	assert_int_equal(coap_body_count(bodies), 1);
	assert_int_equal(coap_body_expire(bodies, 500 + TIMEOUT_MS), 0);
	assert_int_equal(coap_body_count(bodies), 0);
	assert_int_equal(peer.held, 0);
	coap_bodies_free(&bodies);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_puts_blocks_together),
		cmocka_unit_test(test_takes_a_single_block),
		cmocka_unit_test(test_accepts_a_repeated_block_once),
		cmocka_unit_test(test_block_zero_begins_anew),
		cmocka_unit_test(test_refuses_gaps_and_contradictions),
		cmocka_unit_test(test_refuses_blocks_of_wrong_size),
		cmocka_unit_test(test_bounds_the_size),
		cmocka_unit_test(test_bounds_the_number),
		cmocka_unit_test(test_keeps_peers_and_keys_apart),
		cmocka_unit_test(test_drops_what_is_not_fed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
