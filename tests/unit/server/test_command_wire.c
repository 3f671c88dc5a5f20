/* SPDX-License-Identifier: Apache-2.0 */
/* Commands byte by byte in both formats, and answers good and bad. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/hex.h"
#include "server/command_wire.h"

#define DIGEST "00112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210"
#define UUID   "018fd2c07a3b7c4d8e9f0a1b2c3d4e5f"

static struct device_command whole_command(enum command_kind kind)
{
	struct device_command command = {
		.kind = kind,
		.endpoint = "dev-1",
		.urgency = URGENCY_HIGH,
		.envelope_bytes = 300,
		.download_bytes = 70000,
		.interruption_s = 40,
		.deadline_ms = 1800000000999,
		.start_ms = 1700000000000,
		.reason = "repair",
	};
	assert_int_equal(
		su_uuid_parse("018fd2c0-7a3b-7c4d-8e9f-0a1b2c3d4e5f", &command.deployment, NULL),
		SU_OK);
	assert_int_equal(digest_parse("sha256:" DIGEST, &command.release, NULL), SU_OK);
	return command;
}

static void expect_cbor(const struct device_command *command, bool with_kind, const char *hex)
{
	struct su_buf out = { 0 };
	struct su_arena *arena = su_arena_new();
	command_wire_write(WIRE_CBOR, command, with_kind, &out);
	assert_string_equal(su_hex_encode_arena(arena, su_buf_span(&out)), hex);
	su_buf_free(&out);
	su_arena_free(&arena);
}

static void test_cbor_has_the_numbers(void **state)
{
	(void)state;
	struct device_command command = whole_command(COMMAND_OFFER);
	expect_cbor(&command, false,
		"a9"
		"0150" UUID "02822f5820" DIGEST "0301"
		"0419012c"
		"051a00011170"
		"061828"
		"071a6b49d200"
		"081a6553f100"
		"0966726570616972");
}

static void test_what_is_not_known_is_left_out(void **state)
{
	(void)state;
	struct device_command ask = { .kind = COMMAND_ASK, .endpoint = "dev-1" };
	expect_cbor(&ask, false, "a0");
	expect_cbor(&ask, true, "a10005");
	struct device_command install = whole_command(COMMAND_INSTALL);
	struct device_command bare = { .kind = COMMAND_INSTALL,
		.deployment = install.deployment,
		.release = install.release };
	expect_cbor(&bare, true, "a400030150" UUID "02822f5820" DIGEST "0300");
}

static void test_json_has_the_words(void **state)
{
	(void)state;
	struct device_command command = whole_command(COMMAND_NOTICE);
	struct su_buf out = { 0 };
	command_wire_write(WIRE_JSON, &command, true, &out);
	json_t *object = json_loads(su_buf_str(&out), 0, NULL);
	json_t *expected = json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:s, s:s, s:s}",
		"command", "notice", "deployment", "018fd2c0-7a3b-7c4d-8e9f-0a1b2c3d4e5f",
		"release", "sha256:" DIGEST, "urgency", "high", "envelope_bytes", 300,
		"download_bytes", 70000, "interruption_s", 40, "deadline", "2027-01-15T08:00:00Z",
		"start", "2023-11-14T22:13:20Z", "reason", "repair");
	assert_true(json_equal(object, expected));
	json_decref(object);
	json_decref(expected);
	su_buf_free(&out);
}

static void test_each_command_has_its_resource(void **state)
{
	(void)state;
	assert_string_equal(command_wire_resource(COMMAND_OFFER), "offer");
	assert_string_equal(command_wire_resource(COMMAND_TRIGGER), "trigger");
	assert_string_equal(command_wire_resource(COMMAND_INSTALL), "install");
	assert_string_equal(command_wire_resource(COMMAND_NOTICE), "notice");
	assert_string_equal(command_wire_resource(COMMAND_ASK), "status");
}

struct answer_case {
	const char *cbor, *json;
	struct offer_answer expected;
};

static void expect_answer(enum wire_format format, struct su_span body, struct su_arena *arena,
	const struct offer_answer *expected)
{
	struct offer_answer answer;
	struct su_error err = { 0 };
	if (command_wire_read_answer(format, body, arena, &answer, &err) != SU_OK)
		fail_msg("%s: %s", err.field, err.text);
	assert_int_equal(answer.kind, expected->kind);
	assert_int_equal(answer.at_ms, expected->at_ms);
	if (expected->reason)
		assert_string_equal(answer.reason, expected->reason);
	else
		assert_null(answer.reason);
}

static struct su_span bytes_of(struct su_arena *arena, const char *hex)
{
	uint8_t bytes[64];
	size_t len = 0;
	assert_int_equal(su_hex_decode(su_span_str(hex), bytes, sizeof(bytes), &len, NULL), SU_OK);
	return su_arena_copy(arena, su_span_of(bytes, len));
}

static void test_answers_read_the_same_in_both_formats(void **state)
{
	(void)state;
	static const struct answer_case cases[] = {
		{ "a10100", "{\"answer\":\"now\"}", { .kind = ANSWER_NOW } },
		{ "a20101021a6553f100", "{\"answer\":\"at\",\"at\":\"2023-11-14T22:13:20Z\"}",
			{ .kind = ANSWER_AT, .at_ms = 1700000000000 } },
		{ "a201020363656174", "{\"answer\":\"no\",\"reason\":\"eat\"}",
			{ .kind = ANSWER_NO, .reason = "eat" } },
	};
	struct su_arena *arena = su_arena_new();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		expect_answer(WIRE_CBOR, bytes_of(arena, cases[i].cbor), arena, &cases[i].expected);
		expect_answer(WIRE_JSON, su_span_str(cases[i].json), arena, &cases[i].expected);
	}
	su_arena_free(&arena);
}

static void test_nonsense_is_refused_by_name(void **state)
{
	(void)state;
	static const struct {
		const char *cbor, *field;
	} cases[] = {
		{ "", "" },                             /* nothing */
		{ "a0", "answer" },                     /* no answer */
		{ "a10103", "answer" },                 /* a fourth kind */
		{ "a10101", "at" },                     /* at, but not when */
		{ "a201000201", "at" },                 /* now, and when */
		{ "a201010200", "at" },                 /* 1970 */
		{ "a20101021b7fffffffffffffff", "at" }, /* no such year */
		{ "a201020360", "reason" },             /* empty */
		{ "a20102036107", "reason" },           /* a bell */
		{ "a2010201020000", "answer" },         /* twice */
		{ "a10400", "" },                       /* unknown key */
		{ "8100", "" },                         /* not a map */
		{ "a1010000", "" },                     /* something behind it */
	};
	struct su_arena *arena = su_arena_new();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct offer_answer answer;
		struct su_error err = { 0 };
		enum su_status status = command_wire_read_answer(
			WIRE_CBOR, bytes_of(arena, cases[i].cbor), arena, &answer, &err);
		if (status != SU_INVALID || strcmp(err.field, cases[i].field) != 0)
			fail_msg("%s: status %d, %s: %s", cases[i].cbor, status, err.field,
				err.text);
	}
	su_arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cbor_has_the_numbers),
		cmocka_unit_test(test_what_is_not_known_is_left_out),
		cmocka_unit_test(test_json_has_the_words),
		cmocka_unit_test(test_each_command_has_its_resource),
		cmocka_unit_test(test_answers_read_the_same_in_both_formats),
		cmocka_unit_test(test_nonsense_is_refused_by_name),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
