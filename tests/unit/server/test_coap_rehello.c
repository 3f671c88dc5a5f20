/* SPDX-License-Identifier: Apache-2.0 */
/* Which ClientHellos end an old session: those that come again and bring our cookie back, and no others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <netinet/in.h>

#include "server/coap_rehello.h"

#define VERIFY_REQUEST_BYTES (13 + 12 + 3 + 24)
#define COOKIE_AT            (13 + 12 + 3)

struct world {
	struct coap_rehello *rehello;
	bool is_known;
	size_t n_searches, n_forgotten;
	struct sockaddr_in peer;
	uint8_t out[COAP_DATAGRAM_MAX_BYTES];
};

static bool is_known(void *arg, const struct sockaddr *peer)
{
	struct world *world = arg;
	assert_memory_equal(peer, &world->peer, sizeof(world->peer));
	world->n_searches++;
	return world->is_known;
}

static void forget(void *arg, const struct sockaddr *peer)
{
	struct world *world = arg;
	assert_memory_equal(peer, &world->peer, sizeof(world->peer));
	world->n_forgotten++;
	world->is_known = false;
}

static void begin(struct world *world)
{
	*world = (struct world){ .is_known = true,
		.peer = { .sin_family = AF_INET, .sin_port = htons(5684) } };
	world->rehello = coap_rehello_new(&(struct coap_rehello_opts){
		.is_known = is_known, .forget = forget, .arg = world });
}

/* A ClientHello up to its cookie, and two bytes that follow. number: of the record. */
static size_t make_hello(uint8_t number, struct su_span cookie, uint8_t out[256])
{
	const uint8_t head[] = { 22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, number, 0, 0, /* record */
		1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,                                 /* handshake */
		0xfe, 0xfd };
	size_t len = sizeof(head);
	memcpy(out, head, len);
	memset(out + len, 0xaa, 32);
	len += 32;
	out[len++] = 0; /* no session identifier */
	out[len++] = (uint8_t)cookie.len;
	if (cookie.len > 0)
		memcpy(out + len, cookie.data, cookie.len);
	len += cookie.len;
	out[len++] = 0;
	out[len++] = 2;
	return len;
}

static size_t take(struct world *world, struct su_span bytes)
{
	const struct coap_datagram datagram = {
		.bytes = bytes,
		.peer = (const struct sockaddr *)&world->peer,
		.is_for_us_alone = true,
	};
	return coap_rehello_answer(world->rehello, &datagram, world->out);
}

static size_t say_hello(struct world *world, uint8_t number, struct su_span cookie)
{
	uint8_t hello[256];
	return take(world, su_span_of(hello, make_hello(number, cookie, hello)));
}

static void a_session_ends_when_the_cookie_comes_back(void **state)
{
	(void)state;
	struct world world;
	uint8_t cookie[24];
	begin(&world);
	assert_int_equal(say_hello(&world, 1, SU_SPAN_EMPTY), VERIFY_REQUEST_BYTES);
	assert_int_equal(world.n_forgotten, 0);
	/* A HelloVerifyRequest in a handshake record with the number of the ClientHello. */
	assert_int_equal(world.out[0], 22);
	assert_int_equal(world.out[10], 1);
	assert_int_equal(world.out[12], VERIFY_REQUEST_BYTES - 13);
	assert_int_equal(world.out[13], 3);
	assert_int_equal(world.out[COOKIE_AT - 1], sizeof(cookie));
	memcpy(cookie, world.out + COOKIE_AT, sizeof(cookie));

	const uint8_t alert[] = { 21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2, 2, 40 };
	assert_int_equal(say_hello(&world, 2, su_span_of(cookie, sizeof(cookie))), sizeof(alert));
	assert_memory_equal(world.out, alert, sizeof(alert));
	assert_int_equal(world.n_forgotten, 1);
	/* What comes after that is libcoap's. */
	assert_int_equal(say_hello(&world, 3, su_span_of(cookie, sizeof(cookie))), 0);
	assert_int_equal(say_hello(&world, 4, SU_SPAN_EMPTY), 0);
	assert_int_equal(world.n_forgotten, 1);
	coap_rehello_free(&world.rehello);
}

static void a_cookie_holds_for_one_address(void **state)
{
	(void)state;
	struct world world;
	uint8_t cookie[24];
	begin(&world);
	assert_int_equal(say_hello(&world, 1, SU_SPAN_EMPTY), VERIFY_REQUEST_BYTES);
	memcpy(cookie, world.out + COOKIE_AT, sizeof(cookie));
	world.peer.sin_port = htons(5685);
	assert_int_equal(say_hello(&world, 2, su_span_of(cookie, sizeof(cookie))), 0);
	world.peer.sin_port = htons(5684);
	cookie[3] ^= 1;
	assert_int_equal(say_hello(&world, 2, su_span_of(cookie, sizeof(cookie))), 0);
	assert_int_equal(world.n_forgotten, 0);
	coap_rehello_free(&world.rehello);
}

static void everything_else_is_left_to_libcoap(void **state)
{
	(void)state;
	struct world world;
	uint8_t hello[256], foreign[32] = { 1 };
	begin(&world);
	/* The first one: where there is no session libcoap answers it. */
	assert_int_equal(say_hello(&world, 0, SU_SPAN_EMPTY), 0);
	/* With a cookie of libcoap's. */
	assert_int_equal(say_hello(&world, 1, su_span_of(foreign, sizeof(foreign))), 0);
	assert_int_equal(world.n_searches, 0);
	/* Cut off anywhere before the cookie's end, encrypted, or something else. */
	size_t len = make_hello(1, SU_SPAN_EMPTY, hello);
	for (size_t cut = 0; cut < len - 2; cut++)
		assert_int_equal(take(&world, su_span_of(hello, cut)), 0);
	hello[4] = 1;
	assert_int_equal(take(&world, su_span_of(hello, len)), 0);
	hello[4] = 0;
	hello[13] = 2;
	assert_int_equal(take(&world, su_span_of(hello, len)), 0);
	hello[13] = 1;
	hello[0] = 23;
	assert_int_equal(take(&world, su_span_of(hello, len)), 0);
	assert_int_equal(world.n_searches, 0);
	coap_rehello_free(&world.rehello);
}

static void searches_are_bounded(void **state)
{
	(void)state;
	struct world world;
	begin(&world);
	world.is_known = false;
	for (int i = 0; i < 100000; i++)
		assert_int_equal(say_hello(&world, 1, SU_SPAN_EMPTY), 0);
	assert_true(world.n_searches >= 200);
	assert_true(world.n_searches < 100000);
	coap_rehello_free(&world.rehello);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_ends_when_the_cookie_comes_back),
		cmocka_unit_test(a_cookie_holds_for_one_address),
		cmocka_unit_test(everything_else_is_left_to_libcoap),
		cmocka_unit_test(searches_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
