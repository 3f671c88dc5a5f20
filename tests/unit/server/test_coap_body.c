/* SPDX-License-Identifier: Apache-2.0 */
/* Block1 bodies: put together in order, bounded, dropped when late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "server/coap_body.h"

enum { MAX_BYTES = 256, MAX_BODIES = 3, MAX_PER_PEER = 2, TIMEOUT_MS = 1000, PATIENCE_MS = 200 };

struct peer {
	int held; /* bodies */
};

/* What each test works with. */
struct fixture {
	struct coap_bodies *bodies;
	struct peer one, two;
	struct su_span body;
};

static void hold(void *peer)
{
	((struct peer *)peer)->held++;
}

static void let_go(void *peer)
{
	((struct peer *)peer)->held--;
}

static int set_up(void **state)
{
	struct fixture *fixture = su_new(struct fixture);
	fixture->bodies = coap_bodies_new(&(struct coap_body_opts){
		.max_body_bytes = MAX_BYTES,
		.max_bodies = MAX_BODIES,
		.max_bodies_per_peer = MAX_PER_PEER,
		.timeout_ms = TIMEOUT_MS,
		.patience_ms = PATIENCE_MS,
		.on_begin = hold,
		.on_end = let_go,
	});
	*state = fixture;
	return 0;
}

/* Whatever a test leaves unfinished lets go of its peer. */
static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	coap_bodies_free(&fixture->bodies);
	int held = fixture->one.held + fixture->two.held;
	su_free_ptr(state);
	return held;
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

static enum coap_body_verdict add(
	struct fixture *fixture, const struct coap_body_block *block, int64_t now_ms)
{
	return coap_body_add(fixture->bodies, block, now_ms, &fixture->body);
}

static const char sixteen[] = "0123456789abcdef";

static void test_puts_blocks_together(void **state)
{
	struct fixture *fixture = *state;
	struct coap_body_block first = block16(&fixture->one, "a", 0, sixteen, true);
	struct coap_body_block last = block16(&fixture->one, "a", 1, "tail", false);
	assert_int_equal(add(fixture, &first, 0), COAP_BODY_CONTINUE);
	assert_int_equal(fixture->one.held, 1);
	assert_int_equal(add(fixture, &last, 10), COAP_BODY_WHOLE);
	assert_true(su_span_equal_str(fixture->body, "0123456789abcdeftail"));
	assert_int_equal(fixture->one.held, 0);
	assert_int_equal(coap_body_count(fixture->bodies), 0);
}

static void test_takes_a_single_block(void **state)
{
	struct fixture *fixture = *state;
	struct coap_body_block only = block16(&fixture->one, "a", 0, "all", false);
	assert_int_equal(add(fixture, &only, 0), COAP_BODY_WHOLE);
	assert_true(su_span_equal_str(fixture->body, "all"));
}

static void test_accepts_a_repeated_block_once(void **state)
{
	struct fixture *fixture = *state;
	struct coap_body_block first = block16(&fixture->one, "a", 0, sixteen, true);
	struct coap_body_block second = block16(&fixture->one, "a", 1, sixteen, true);
	struct coap_body_block last = block16(&fixture->one, "a", 2, "", false);
	assert_int_equal(add(fixture, &first, 0), COAP_BODY_CONTINUE);
	assert_int_equal(add(fixture, &second, 0), COAP_BODY_CONTINUE);
	assert_int_equal(add(fixture, &second, 0), COAP_BODY_CONTINUE);
	assert_int_equal(add(fixture, &last, 0), COAP_BODY_WHOLE);
	assert_int_equal(fixture->body.len, 32);
}

static void test_block_zero_begins_anew(void **state)
{
	struct fixture *fixture = *state;
	struct coap_body_block first = block16(&fixture->one, "a", 0, sixteen, true);
	struct coap_body_block last = block16(&fixture->one, "a", 1, "x", false);
	for (int i = 0; i < 10; i++)
		assert_int_equal(add(fixture, &first, i), COAP_BODY_CONTINUE);
	assert_int_equal(coap_body_count(fixture->bodies), 1);
	assert_int_equal(add(fixture, &last, 20), COAP_BODY_WHOLE);
	assert_int_equal(fixture->body.len, 17);
}

static void test_refuses_gaps_and_contradictions(void **state)
{
	struct fixture *fixture = *state;
	struct coap_body_block first = block16(&fixture->one, "a", 0, sixteen, true);
	struct coap_body_block second = block16(&fixture->one, "a", 1, sixteen, true);
	struct coap_body_block gap = block16(&fixture->one, "a", 3, sixteen, true);
	struct coap_body_block early_end = block16(&fixture->one, "a", 1, "x", false);
	assert_int_equal(add(fixture, &second, 0), COAP_BODY_INCOMPLETE);
	assert_int_equal(coap_body_count(fixture->bodies), 0);
	assert_int_equal(add(fixture, &first, 0), COAP_BODY_CONTINUE);
	assert_int_equal(add(fixture, &gap, 0), COAP_BODY_INCOMPLETE);
	assert_int_equal(add(fixture, &second, 0), COAP_BODY_CONTINUE);
	assert_int_equal(add(fixture, &early_end, 0), COAP_BODY_INCOMPLETE);
}

static void test_refuses_blocks_of_wrong_size(void **state)
{
	struct fixture *fixture = *state;
	struct coap_body_block brief = block16(&fixture->one, "a", 0, "short", true);
	struct coap_body_block full = block16(&fixture->one, "a", 0, "0123456789abcdefg", false);
	struct coap_body_block reserved = block16(&fixture->one, "a", 0, "", false);
	reserved.szx = 7;
	assert_int_equal(add(fixture, &brief, 0), COAP_BODY_INVALID);
	assert_int_equal(add(fixture, &full, 0), COAP_BODY_INVALID);
	assert_int_equal(add(fixture, &reserved, 0), COAP_BODY_INVALID);
	assert_int_equal(coap_body_count(fixture->bodies), 0);
}

static void test_bounds_the_size(void **state)
{
	struct fixture *fixture = *state;
	struct coap_body_block announced = block16(&fixture->one, "a", 0, sixteen, true);
	announced.has_size = true;
	announced.size_bytes = MAX_BYTES + 1;
	assert_int_equal(add(fixture, &announced, 0), COAP_BODY_TOO_LARGE);
	for (uint32_t num = 0; num < MAX_BYTES / 16; num++) {
		struct coap_body_block block = block16(&fixture->one, "a", num, sixteen, true);
		assert_int_equal(add(fixture, &block, 0), COAP_BODY_CONTINUE);
	}
	struct coap_body_block beyond = block16(&fixture->one, "a", MAX_BYTES / 16, "x", false);
	assert_int_equal(add(fixture, &beyond, 0), COAP_BODY_TOO_LARGE);
	assert_int_equal(coap_body_count(fixture->bodies), 0);
	struct coap_body_block far = block16(&fixture->one, "a", 0xfffff, "x", false);
	assert_int_equal(add(fixture, &far, 0), COAP_BODY_TOO_LARGE);
}

static void test_bounds_the_number(void **state)
{
	struct fixture *fixture = *state;
	struct coap_body_block a = block16(&fixture->one, "a", 0, sixteen, true);
	struct coap_body_block b = block16(&fixture->one, "b", 0, sixteen, true);
	struct coap_body_block c = block16(&fixture->one, "c", 0, sixteen, true);
	assert_int_equal(add(fixture, &a, 0), COAP_BODY_CONTINUE);
	assert_int_equal(add(fixture, &b, 0), COAP_BODY_CONTINUE);
	assert_int_equal(add(fixture, &c, 0), COAP_BODY_BUSY);
	c.peer = a.peer = &fixture->two;
	assert_int_equal(add(fixture, &c, 0), COAP_BODY_CONTINUE);
	assert_int_equal(add(fixture, &a, 0), COAP_BODY_BUSY);
}

static void test_what_is_left_makes_room(void **state)
{
	struct fixture *fixture = *state;
	struct peer three = { 0 };
	struct coap_body_block left = block16(&fixture->one, "left", 0, sixteen, true);
	struct coap_body_block fed = block16(&fixture->one, "fed", 0, sixteen, true);
	struct coap_body_block other = block16(&fixture->two, "other", 0, sixteen, true);
	struct coap_body_block late = block16(&three, "late", 0, "all", false);
	assert_int_equal(add(fixture, &fed, 0), COAP_BODY_CONTINUE);
	assert_int_equal(add(fixture, &left, 0), COAP_BODY_CONTINUE);
	assert_int_equal(add(fixture, &other, 100), COAP_BODY_CONTINUE);
	fed.num++;
	assert_int_equal(add(fixture, &fed, 100), COAP_BODY_CONTINUE);
	assert_int_equal(add(fixture, &late, PATIENCE_MS - 1), COAP_BODY_BUSY);
	assert_int_equal(add(fixture, &late, PATIENCE_MS), COAP_BODY_WHOLE);
	left.num++;
	assert_int_equal(add(fixture, &left, PATIENCE_MS), COAP_BODY_INCOMPLETE);
	fed.num++;
	assert_int_equal(add(fixture, &fed, PATIENCE_MS), COAP_BODY_CONTINUE);
	assert_int_equal(three.held, 0);
}

static void test_keeps_peers_and_keys_apart(void **state)
{
	struct fixture *fixture = *state;
	struct coap_body_block a1 = block16(&fixture->one, "a", 0, sixteen, true);
	struct coap_body_block a2 = block16(&fixture->two, "a", 1, "x", false);
	struct coap_body_block b1 = block16(&fixture->one, "b", 1, "x", false);
	assert_int_equal(add(fixture, &a1, 0), COAP_BODY_CONTINUE);
	assert_int_equal(add(fixture, &a2, 0), COAP_BODY_INCOMPLETE);
	assert_int_equal(add(fixture, &b1, 0), COAP_BODY_INCOMPLETE);
}

static void test_drops_what_is_not_fed(void **state)
{
	struct fixture *fixture = *state;
	struct coap_body_block a = block16(&fixture->one, "a", 0, sixteen, true);
	struct coap_body_block b = block16(&fixture->one, "b", 0, sixteen, true);
	assert_int_equal(coap_body_expire(fixture->bodies, 0), 0);
	assert_int_equal(add(fixture, &a, 0), COAP_BODY_CONTINUE);
	assert_int_equal(add(fixture, &b, 500), COAP_BODY_CONTINUE);
	assert_int_equal(coap_body_expire(fixture->bodies, 500), TIMEOUT_MS);
	assert_int_equal(coap_body_expire(fixture->bodies, TIMEOUT_MS), 500 + TIMEOUT_MS);
	assert_int_equal(coap_body_count(fixture->bodies), 1);
	assert_int_equal(coap_body_expire(fixture->bodies, 500 + TIMEOUT_MS), 0);
	assert_int_equal(coap_body_count(fixture->bodies), 0);
	assert_int_equal(fixture->one.held, 0);
}

#define CASE(name_) cmocka_unit_test_setup_teardown(name_, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_puts_blocks_together),
		CASE(test_takes_a_single_block),
		CASE(test_accepts_a_repeated_block_once),
		CASE(test_block_zero_begins_anew),
		CASE(test_refuses_gaps_and_contradictions),
		CASE(test_refuses_blocks_of_wrong_size),
		CASE(test_bounds_the_size),
		CASE(test_bounds_the_number),
		CASE(test_what_is_left_makes_room),
		CASE(test_keeps_peers_and_keys_apart),
		CASE(test_drops_what_is_not_fed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
