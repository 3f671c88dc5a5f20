/* SPDX-License-Identifier: Apache-2.0 */
/* Commands out of CBOR, and answers into it. */
#include "tools/device_command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/hex.h"

/* {1: 16 bytes, 2: [-16, 32 bytes], then what the test adds. */
#define DEPLOYMENT "015000000000000000000000000000000001"
#define RELEASE                                                                                    \
	"02822f5820"                                                                               \
	"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static enum su_status decode(const char *hex, const enum device_command_kind *kind,
	struct device_command *out, struct su_error *err)
{
	uint8_t bytes[512];
	size_t len = 0;
	assert_int_equal(su_hex_decode(su_span_str(hex), bytes, sizeof(bytes), &len, NULL), SU_OK);
	return device_command_decode(su_span_of(bytes, len), kind, out, err);
}

static void test_offer(void **state)
{
	static const enum device_command_kind kind = DEVICE_OFFER;
	struct device_command command;
	(void)state;
	assert_int_equal(decode("a8" DEPLOYMENT RELEASE "0301"
				"0418ff"
				"05190bb8"
				"0614"
				"071af4865700"
				"09626f6b",
				 &kind, &command, NULL),
		SU_OK);
	assert_int_equal(command.kind, DEVICE_OFFER);
	assert_int_equal(command.deployment.bytes[15], 1);
	assert_int_equal(command.release.alg, DIGEST_SHA256);
	assert_int_equal(command.urgency, URGENCY_HIGH);
	assert_int_equal(command.envelope_bytes, 255);
	assert_int_equal(command.download_bytes, 3000);
	assert_int_equal(command.interruption_s, 20);
	assert_int_equal(command.deadline_s, 4102444800);
	assert_string_equal(command.reason, "ok");
}

static void test_kind_in_the_message(void **state)
{
	struct device_command command;
	(void)state;
	assert_int_equal(decode("a20003" RELEASE, NULL, &command, NULL), SU_OK);
	assert_int_equal(command.kind, DEVICE_INSTALL);
	assert_int_equal(decode("a10005", NULL, &command, NULL), SU_OK);
	assert_int_equal(command.kind, DEVICE_ASK);
	assert_int_equal(decode("a1" RELEASE, NULL, &command, NULL), SU_INVALID);
	assert_int_equal(decode("a20002" RELEASE, NULL, &command, NULL), SU_UNSUPPORTED);
}

static void test_what_a_newer_server_says_is_skipped(void **state)
{
	static const enum device_command_kind kind = DEVICE_TRIGGER;
	struct device_command command;
	(void)state;
	assert_int_equal(decode("a2" RELEASE "18638201f5", &kind, &command, NULL), SU_OK);
}

static void test_refused(void **state)
{
	static const enum device_command_kind kind = DEVICE_OFFER;
	static const char *const texts[] = {
		"",                    /* nothing */
		"80",                  /* no map */
		"a0",                  /* no release */
		"a2" RELEASE RELEASE,  /* twice */
		"a1" RELEASE "00",     /* more than one item */
		"a2" RELEASE "0304",   /* an urgency that there is not */
		"a2" RELEASE "074100", /* a time that is none */
		"a2" RELEASE "071bffffffffffffffff",
		"a2" RELEASE "014100", /* a deployment of one byte */
		"a102822f4100",        /* a digest of one byte */
		"a10281"
		"2f",              /* half a digest */
		"bf" RELEASE "ff", /* an indefinite length */
	};
	struct device_command command;
	struct su_error err;
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(decode(texts[i], &kind, &command, &err), SU_INVALID);
}

static void assert_answer(const struct offer_answer *answer, const char *hex)
{
	char text[128];
	struct su_buf out = { 0 };
	device_command_put_answer(answer, &out);
	su_hex_encode(su_buf_span(&out), text);
	assert_string_equal(text, hex);
	su_buf_free(&out);
}

static void test_answers(void **state)
{
	(void)state;
	assert_answer(&(struct offer_answer){ .kind = ANSWER_NOW }, "a10100");
	assert_answer(&(struct offer_answer){ .kind = ANSWER_AT, .at_ms = 4102444800999 },
		"a20101021af4865700");
	assert_answer(&(struct offer_answer){ .kind = ANSWER_NO, .reason = "busy" },
		"a20102036462757379");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_offer),
		cmocka_unit_test(test_kind_in_the_message),
		cmocka_unit_test(test_what_a_newer_server_says_is_skipped),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_answers),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
