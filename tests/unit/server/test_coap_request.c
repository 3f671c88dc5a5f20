/* SPDX-License-Identifier: Apache-2.0 */
/* Messages are parsed by libcoap from bytes, as they come from the network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "server/coap_request.h"

struct fixture {
	struct su_arena *arena;
	coap_pdu_t *pdu;
};

static int set_up(void **state)
{
	static struct fixture fixture;
	fixture.arena = su_arena_new();
	fixture.pdu = coap_pdu_init(COAP_MESSAGE_CON, 0, 0, 1472);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	su_arena_free(&fixture->arena);
	coap_delete_pdu(fixture->pdu);
	return 0;
}

static unsigned parse(struct fixture *fixture, const char *bytes, size_t len,
	struct coap_request *out, struct su_error *err)
{
	assert_true(coap_pdu_parse(COAP_PROTO_UDP, (const uint8_t *)bytes, len, fixture->pdu));
	return coap_request_parse(fixture->pdu, fixture->arena, out, err);
}
#define PARSE(fixture, bytes, out, err) parse((fixture), (bytes), sizeof(bytes) - 1, (out), (err))

static void test_reads_path_query_and_body(void **state)
{
	struct fixture *fixture = *state;
	struct coap_request request;
	/* CON POST, token ab, /rd?ep=x&lt=60, Content-Format 60 */
	assert_int_equal(PARSE(fixture,
				 "\x41\x02\x12\x34\xab\xb2rd\x11\x3c\x34"
				 "ep=x\x05lt=60\xff\xa0",
				 &request, NULL),
		0);
	assert_int_equal(request.method, COAP_REQUEST_CODE_POST);
	assert_true(request.confirmable);
	assert_int_equal(request.mid, 0x1234);
	assert_true(su_span_equal_str(request.token, "\xab"));
	assert_int_equal(request.n_segments, 1);
	assert_string_equal(request.segments[0], "rd");
	assert_string_equal(coap_request_query(&request, "ep"), "x");
	assert_string_equal(coap_request_query(&request, "lt"), "60");
	assert_null(coap_request_query(&request, "l"));
	assert_int_equal(request.content_format, 60);
	assert_int_equal(request.accept, -1);
	assert_true(su_span_equal_str(request.body, "\xa0"));
	assert_false(request.block1.given || request.block2.given || request.has_observe);
}

static void test_reads_a_request_without_token(void **state)
{
	struct fixture *fixture = *state;
	struct coap_request request;
	/* NON GET /blob, Block2 2/0/64 */
	assert_int_equal(PARSE(fixture,
				 "\x50\x01\x00\x01\xb4"
				 "blob\xc1\x22",
				 &request, NULL),
		0);
	assert_false(request.confirmable);
	assert_int_equal(request.token.len, 0);
	assert_true(request.block2.given);
	assert_int_equal(request.block2.num, 2);
	assert_int_equal(request.block2.szx, 2);
	assert_false(request.block2.more);
}

static void test_refuses_the_reserved_block_size(void **state)
{
	struct fixture *fixture = *state;
	struct coap_request request;
	struct su_error err = { 0 };
	assert_int_equal(PARSE(fixture, "\x40\x01\x00\x01\xd1\x0a\x07", &request, &err),
		COAP_RESPONSE_CODE_BAD_REQUEST);
	assert_string_equal(err.field, "Block2");
}

static void test_refuses_conditions(void **state)
{
	struct fixture *fixture = *state;
	struct coap_request request;
	struct su_error err = { 0 };
	assert_int_equal(PARSE(fixture, "\x40\x01\x00\x01\x11z", &request, &err),
		COAP_RESPONSE_CODE_BAD_OPTION);
}

static void test_refuses_nul_in_names(void **state)
{
	struct fixture *fixture = *state;
	struct coap_request request;
	assert_int_equal(PARSE(fixture,
				 "\x40\x01\x00\x01\xd6\x02"
				 "ep=a\x00"
				 "b",
				 &request, NULL),
		COAP_RESPONSE_CODE_BAD_REQUEST);
}

static void test_bounds_the_path(void **state)
{
	struct fixture *fixture = *state;
	struct coap_request request;
	char bytes[4 + 2 + 2 * COAP_REQUEST_MAX_SEGMENTS] = "\x40\x01\x00\x01\xb1"
							    "a";
	for (size_t i = 0; i < COAP_REQUEST_MAX_SEGMENTS; i++)
		memcpy(bytes + 6 + 2 * i,
			"\x01"
			"a",
			2);
	assert_int_equal(parse(fixture, bytes, sizeof(bytes), &request, NULL),
		COAP_RESPONSE_CODE_BAD_REQUEST);
	assert_int_equal(parse(fixture, bytes, sizeof(bytes) - 2, &request, NULL), 0);
	assert_int_equal(request.n_segments, COAP_REQUEST_MAX_SEGMENTS);
}

static void test_tells_what_is_unusual(void **state)
{
	struct fixture *fixture = *state;
	struct coap_request request;
	/* Uri-Host, ETag twice, Uri-Port, Uri-Path twice, Uri-Query twice, Accept, Block2, Size2 */
	assert_int_equal(PARSE(fixture,
				 "\x40\x01\x00\x01\x31h\x11"
				 "a\x01"
				 "b\x32\x16\x33\x41"
				 "a\x01"
				 "b\x41x\x01y\x20\x60\x50",
				 &request, NULL),
		0);
	assert_false(request.is_unusual);
	assert_int_equal(request.n_etags, 2);
	/* Accept twice */
	assert_int_equal(PARSE(fixture, "\x40\x01\x00\x01\xd0\x04\x00", &request, NULL), 0);
	assert_true(request.is_unusual);
	/* 65000 */
	assert_int_equal(PARSE(fixture, "\x40\x01\x00\x01\xe0\xfc\xdb", &request, NULL), 0);
	assert_true(request.is_unusual);
}

static void test_writes_a_path_as_in_a_uri(void **state)
{
	struct fixture *fixture = *state;
	struct coap_request request = { .n_segments = 3, .segments = { "fw", "a b/c%", "x.bin" } };
	assert_string_equal(coap_request_path(&request, fixture->arena), "/fw/a%20b%2Fc%25/x.bin");
	request.n_segments = 0;
	assert_string_equal(coap_request_path(&request, fixture->arena), "/");
}

static void test_a_body_key_tells_requests_apart(void **state)
{
	struct fixture *fixture = *state;
	struct coap_request one = { .method = 2,
		.n_segments = 1,
		.segments = { "rd" },
		.n_queries = 1,
		.queries = { "ep=a" } };
	struct coap_request other = one;
	struct su_span key = coap_request_body_key(&one, fixture->arena);
	assert_true(su_span_equal(key, coap_request_body_key(&other, fixture->arena)));
	other.queries[0] = "ep=b";
	assert_false(su_span_equal(key, coap_request_body_key(&other, fixture->arena)));
	other = one;
	other.request_tag = su_span_str("t");
	assert_false(su_span_equal(key, coap_request_body_key(&other, fixture->arena)));
	other = one;
	other.method = 3;
	assert_false(su_span_equal(key, coap_request_body_key(&other, fixture->arena)));
}

int main(void)
{
#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(test_reads_path_query_and_body),
		WITH_FIXTURE(test_reads_a_request_without_token),
		WITH_FIXTURE(test_refuses_the_reserved_block_size),
		WITH_FIXTURE(test_refuses_conditions),
		WITH_FIXTURE(test_refuses_nul_in_names),
		WITH_FIXTURE(test_bounds_the_path),
		WITH_FIXTURE(test_tells_what_is_unusual),
		WITH_FIXTURE(test_writes_a_path_as_in_a_uri),
		WITH_FIXTURE(test_a_body_key_tells_requests_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
