/* SPDX-License-Identifier: Apache-2.0 */
/* Codes, blocks of every size, and the options of an answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "server/coap_reply.h"

static const uint8_t etag[COAP_ETAG_MAX_BYTES] = { 1, 2, 3, 4, 5, 6, 7, 8 };
static uint8_t bytes[3000];

static struct coap_content content_of(size_t len)
{
	return (struct coap_content){ .bytes = su_span_of(bytes, len),
		.etag = su_span_of(etag, sizeof(etag)),
		.content_format = 42 };
}

static struct coap_request asking(uint32_t num, unsigned szx)
{
	return (struct coap_request){ .block2 = { .given = true, .num = num, .szx = szx } };
}

static void test_every_status_has_a_code(void **state)
{
	(void)state;
	for (int status = SU_INVALID; status <= SU_BUG; status++) {
		unsigned code = coap_reply_code((enum su_status)status);
		assert_in_range(COAP_RESPONSE_CLASS(code), 4, 5);
	}
	assert_int_equal(coap_reply_code(SU_INVALID), COAP_RESPONSE_CODE_BAD_REQUEST);
	assert_int_equal(coap_reply_code(SU_UNAUTHENTICATED), COAP_RESPONSE_CODE_UNAUTHORIZED);
	assert_int_equal(coap_reply_code(SU_RETRY), COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE);
	assert_int_equal(coap_reply_code(SU_FULL), COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE);
	assert_int_equal(coap_reply_code(SU_BUG), COAP_RESPONSE_CODE_INTERNAL_ERROR);
}

static void test_small_content_needs_no_blocks(void **state)
{
	(void)state;
	struct coap_request request = { 0 };
	struct coap_content content = content_of(1024);
	struct coap_answer answer;
	assert_int_equal(coap_reply_cut(&request, &content, &answer, NULL), 0);
	assert_int_equal(answer.code, COAP_RESPONSE_CODE_CONTENT);
	assert_false(answer.block2.given || answer.has_size2);
	assert_int_equal(answer.payload.len, 1024);
	assert_int_equal(answer.content_format, 42);
}

static void test_large_content_begins_with_a_block(void **state)
{
	(void)state;
	struct coap_request request = { 0 };
	struct coap_content content = content_of(1025);
	struct coap_answer answer;
	assert_int_equal(coap_reply_cut(&request, &content, &answer, NULL), 0);
	assert_true(answer.block2.given && answer.block2.more);
	assert_int_equal(answer.block2.szx, 6);
	assert_int_equal(answer.payload.len, 1024);
	assert_true(answer.has_size2);
	assert_int_equal(answer.size2, 1025);
}

/* Every size, every block: together they are the content. */
static void test_blocks_make_the_content(void **state)
{
	(void)state;
	for (unsigned szx = 0; szx <= 6; szx++) {
		struct coap_content content = content_of(sizeof(bytes));
		struct coap_answer answer = { .block2.more = true };
		size_t total = 0;
		for (uint32_t num = 0; answer.block2.more; num++) {
			struct coap_request request = asking(num, szx);
			assert_int_equal(coap_reply_cut(&request, &content, &answer, NULL), 0);
			assert_int_equal(answer.block2.num, num);
			assert_int_equal(answer.block2.szx, szx);
			assert_int_equal(answer.has_size2, num == 0);
			assert_ptr_equal(answer.payload.data, bytes + total);
			total += answer.payload.len;
		}
		assert_int_equal(total, sizeof(bytes));
	}
}

static void test_there_is_no_block_behind_the_end(void **state)
{
	(void)state;
	struct coap_content content = content_of(2048);
	struct coap_answer answer;
	struct su_error err = { 0 };
	struct coap_request last = asking(1, 6), behind = asking(2, 6), far = asking(0xfffff, 6);
	assert_int_equal(coap_reply_cut(&last, &content, &answer, NULL), 0);
	assert_false(answer.block2.more);
	assert_int_equal(
		coap_reply_cut(&behind, &content, &answer, &err), COAP_RESPONSE_CODE_BAD_REQUEST);
	assert_int_equal(
		coap_reply_cut(&far, &content, &answer, NULL), COAP_RESPONSE_CODE_BAD_REQUEST);
	struct coap_content empty = content_of(0);
	struct coap_request first = asking(0, 2);
	assert_int_equal(coap_reply_cut(&first, &empty, &answer, NULL), 0);
	assert_int_equal(answer.payload.len, 0);
}

static void test_writes_every_option(void **state)
{
	(void)state;
	coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_ACK, COAP_RESPONSE_CODE_CREATED, 1, 1152);
	struct coap_answer answer = COAP_ANSWER(COAP_RESPONSE_CODE_CREATED);
	answer.etag = su_span_of(etag, sizeof(etag));
	answer.has_observe = true;
	answer.observe = 0x1234567; /* 24 bits of it */
	answer.location[0] = "rd";
	answer.location[1] = "id";
	answer.content_format = 60;
	answer.max_age_s = 300;
	answer.block2 = (struct coap_block){ .given = true, .num = 3, .more = true, .szx = 4 };
	answer.block1 = (struct coap_block){ .given = true, .num = 1, .szx = 6 };
	answer.has_size1 = answer.has_size2 = true;
	answer.size1 = 65536;
	answer.size2 = 70000;
	answer.payload = su_span_str("text");
	assert_true(coap_reply_write(pdu, &answer));
	struct su_arena *arena = su_arena_new();
	struct coap_request read;
	assert_int_equal(coap_request_parse(pdu, arena, &read, NULL), 0);
	assert_true(su_span_equal(read.etags[0], answer.etag));
	assert_int_equal(read.observe, 0x234567);
	assert_int_equal(read.content_format, 60);
	assert_int_equal(read.block2.num, 3);
	assert_true(read.block2.more);
	assert_int_equal(read.block2.szx, 4);
	assert_int_equal(read.block1.num, 1);
	assert_int_equal(read.size1, 65536);
	assert_true(su_span_equal_str(read.body, "text"));
	su_arena_free(&arena);
	coap_delete_pdu(pdu);
}

/* Both ways of writing an answer say the same. */
static void test_bytes_say_what_a_message_says(void **state)
{
	(void)state;
	enum { ACK_HEAD = 0x60, NON_HEAD = 0x50 };
	struct coap_request request = {
		.confirmable = true, .mid = 0xabcd, .token = su_span_str("12345")
	};
	struct coap_answer answer = COAP_ANSWER(COAP_RESPONSE_CODE_CONTENT);
	answer.etag = su_span_of(etag, sizeof(etag));
	answer.content_format = 0;
	answer.max_age_s = 86400;
	answer.block2 = (struct coap_block){ .given = true, .num = 4096, .more = true, .szx = 6 };
	answer.has_size2 = true;
	answer.size2 = 1 << 30;
	answer.payload = su_span_of(bytes, 1024);
	uint8_t wire[2048];
	size_t len = coap_reply_encode(&request, &answer, wire, sizeof(wire));
	assert_int_equal(wire[0], ACK_HEAD | 5);
	assert_int_equal(wire[1], COAP_RESPONSE_CODE_CONTENT);
	assert_int_equal(wire[2] << 8 | wire[3], 0xabcd);
	assert_memory_equal(wire + 4, "12345", 5);

	coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_ACK, COAP_RESPONSE_CODE_CONTENT, 1, 1472);
	assert_true(coap_add_token(pdu, 5, (const uint8_t *)"12345"));
	assert_true(coap_reply_write(pdu, &answer));
	const uint8_t *token = coap_pdu_get_token(pdu).s, *payload;
	size_t payload_len;
	assert_true(coap_get_data(pdu, &payload_len, &payload));
	assert_int_equal(len, 4 + (size_t)(payload - token) + payload_len);
	assert_memory_equal(wire + 4, token, len - 4);
	coap_delete_pdu(pdu);

	request.confirmable = false;
	assert_int_equal(coap_reply_encode(&request, &answer, wire, len), len);
	assert_int_equal(wire[0], NON_HEAD | 5);
}

static void test_bytes_need_room(void **state)
{
	(void)state;
	struct coap_request request = { .token = su_span_str("12345678") };
	struct coap_answer answer = COAP_ANSWER(COAP_RESPONSE_CODE_NOT_FOUND);
	answer.max_age_s = 1;
	answer.payload = su_span_str("nothing");
	uint8_t wire[64];
	size_t len = coap_reply_encode(&request, &answer, wire, sizeof(wire));
	assert_int_equal(len, 4 + 8 + 3 + 1 + 7);
	for (size_t size = 0; size < len; size++)
		assert_int_equal(coap_reply_encode(&request, &answer, wire, size), 0);
	answer.payload = SU_SPAN_EMPTY;
	answer.max_age_s = 0;
	assert_int_equal(coap_reply_encode(&request, &answer, wire, 12), 12);
}

static void test_what_the_client_has_is_not_sent_again(void **state)
{
	(void)state;
	struct coap_content content = content_of(100);
	struct coap_request request = { .n_etags = 2,
		.etags = { su_span_str("x"), su_span_of(etag, sizeof(etag)) } };
	struct coap_answer answer;
	content.max_age_s = 7;
	assert_int_equal(coap_reply_choose(&request, &content, &answer, NULL), 0);
	assert_int_equal(answer.code, COAP_RESPONSE_CODE_VALID);
	assert_int_equal(answer.max_age_s, 7);
	assert_int_equal(answer.payload.len, 0);
	request.n_etags = 1;
	assert_int_equal(coap_reply_choose(&request, &content, &answer, NULL), 0);
	assert_int_equal(answer.code, COAP_RESPONSE_CODE_CONTENT);
	assert_int_equal(answer.payload.len, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_status_has_a_code),
		cmocka_unit_test(test_small_content_needs_no_blocks),
		cmocka_unit_test(test_large_content_begins_with_a_block),
		cmocka_unit_test(test_blocks_make_the_content),
		cmocka_unit_test(test_there_is_no_block_behind_the_end),
		cmocka_unit_test(test_writes_every_option),
		cmocka_unit_test(test_bytes_say_what_a_message_says),
		cmocka_unit_test(test_bytes_need_room),
		cmocka_unit_test(test_what_the_client_has_is_not_sent_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
