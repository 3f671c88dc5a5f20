/* SPDX-License-Identifier: Apache-2.0 */
/* A push against devices of every temper. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "server/coap_push.h"

static struct coap_push *two_items(unsigned szx)
{
	uint8_t bytes[32] = { 0xab };
	const struct command_image image = { .digest = digest_sha256(bytes),
		.blob = digest_sha256(bytes) };
	const struct device_command command = { .kind = COMMAND_PUSH,
		.envelope = digest_sha256(bytes),
		.n_images = 1,
		.images = &image };
	return coap_push_new(&command, szx);
}

static enum coap_push_step take(struct coap_push *push, unsigned code)
{
	return coap_push_take(push, &(struct coap_push_answer){ .code = code, .item_bytes = 2000 });
}

static void expect_block(const struct coap_push *push, uint64_t offset, unsigned szx, bool image)
{
	struct coap_push_block block;
	coap_push_block(push, &block);
	assert_int_equal(block.offset, offset);
	assert_int_equal(block.szx, szx);
	assert_int_equal(block.digest_hex != NULL, image);
}

static void test_manifest_first_then_images(void **state)
{
	(void)state;
	struct coap_push *push = two_items(6);
	expect_block(push, 0, 6, false);
	coap_push_sent(push, 1024, false);
	assert_int_equal(take(push, COAP_RESPONSE_CODE_CONTINUE), COAP_PUSH_GO_ON);
	expect_block(push, 1024, 6, false);
	coap_push_sent(push, 976, true);
	assert_int_equal(take(push, COAP_RESPONSE_CODE_CHANGED), COAP_PUSH_GO_ON);
	expect_block(push, 0, 6, true);
	coap_push_sent(push, 300, true);
	assert_int_equal(take(push, COAP_RESPONSE_CODE_CHANGED), COAP_PUSH_COMPLETE);
	coap_push_free(&push);
}

/* The order is what the manifest's dependencies ask for: it is not for the channel to change. */
static void test_several_images_go_in_the_order_given(void **state)
{
	(void)state;
	static const char *const names[] = { "c0", "0a", "b0" };
	struct command_image images[3];
	for (size_t i = 0; i < 3; i++) {
		uint8_t bytes[32] = { (uint8_t)strtoul(names[i], NULL, 16) };
		images[i] = (struct command_image){ .digest = digest_sha256(bytes) };
		images[i].blob = images[i].digest;
	}
	const struct device_command command = {
		.kind = COMMAND_PUSH, .n_images = 3, .images = images
	};
	struct coap_push *push = coap_push_new(&command, 6);
	struct coap_push_block block;
	coap_push_sent(push, 100, true);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(take(push, COAP_RESPONSE_CODE_CHANGED), COAP_PUSH_GO_ON);
		coap_push_block(push, &block);
		assert_memory_equal(block.digest_hex, names[i], 2);
		assert_true(digest_equal(&block.blob, &images[i].blob));
		coap_push_sent(push, 10, true);
	}
	assert_int_equal(take(push, COAP_RESPONSE_CODE_CHANGED), COAP_PUSH_COMPLETE);
	coap_push_free(&push);
}

static void test_too_large_steps_down_from_the_start(void **state)
{
	(void)state;
	struct coap_push *push = two_items(6);
	coap_push_sent(push, 1024, false);
	assert_int_equal(take(push, COAP_RESPONSE_CODE_CONTINUE), COAP_PUSH_GO_ON);
	for (unsigned szx = 6; szx > 0; szx--) {
		assert_int_equal(take(push, COAP_RESPONSE_CODE_REQUEST_TOO_LARGE), COAP_PUSH_GO_ON);
		expect_block(push, 0, szx - 1, false);
	}
	assert_int_equal(take(push, COAP_RESPONSE_CODE_REQUEST_TOO_LARGE), COAP_PUSH_REFUSED);
	coap_push_free(&push);
}

static void test_hints_of_the_device_are_followed(void **state)
{
	(void)state;
	struct coap_push *push = two_items(6);
	struct coap_push_answer smaller = { .code = COAP_RESPONSE_CODE_REQUEST_TOO_LARGE,
		.block1 = { .given = true, .szx = 3 } };
	assert_int_equal(coap_push_take(push, &smaller), COAP_PUSH_GO_ON);
	expect_block(push, 0, 3, false);
	coap_push_sent(push, 128, false);
	struct coap_push_answer go_on = { .code = COAP_RESPONSE_CODE_CONTINUE,
		.block1 = { .given = true, .more = true, .szx = 1 } };
	assert_int_equal(coap_push_take(push, &go_on), COAP_PUSH_GO_ON);
	expect_block(push, 128, 1, false);
	struct coap_push_answer full = { .code = COAP_RESPONSE_CODE_REQUEST_TOO_LARGE,
		.has_size1 = true,
		.size1 = 1000,
		.item_bytes = 2000 };
	assert_int_equal(coap_push_take(push, &full), COAP_PUSH_REFUSED);
	coap_push_free(&push);
}

static void test_what_is_lost_begins_again_but_not_for_ever(void **state)
{
	(void)state;
	struct coap_push *push = two_items(2);
	coap_push_sent(push, 64, false);
	assert_int_equal(take(push, COAP_RESPONSE_CODE_CONTINUE), COAP_PUSH_GO_ON);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(take(push, COAP_RESPONSE_CODE_INCOMPLETE), COAP_PUSH_GO_ON);
		expect_block(push, 0, 2, false);
	}
	assert_int_equal(take(push, COAP_RESPONSE_CODE_INCOMPLETE), COAP_PUSH_BROKEN);
	coap_push_free(&push);
}

static void test_nonsense_is_seen(void **state)
{
	(void)state;
	struct coap_push *push = two_items(6);
	struct coap_push_answer wrong = { .code = COAP_RESPONSE_CODE_CONTINUE,
		.block1 = { .given = true, .num = 7, .szx = 6 } };
	coap_push_sent(push, 1024, false);
	assert_int_equal(coap_push_take(push, &wrong), COAP_PUSH_NONSENSE);
	coap_push_sent(push, 100, true);
	assert_int_equal(take(push, COAP_RESPONSE_CODE_CONTINUE), COAP_PUSH_NONSENSE);
	assert_int_equal(take(push, COAP_RESPONSE_CODE_NOT_FOUND), COAP_PUSH_OTHER);
	coap_push_free(&push);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manifest_first_then_images),
		cmocka_unit_test(test_several_images_go_in_the_order_given),
		cmocka_unit_test(test_too_large_steps_down_from_the_start),
		cmocka_unit_test(test_hints_of_the_device_are_followed),
		cmocka_unit_test(test_what_is_lost_begins_again_but_not_for_ever),
		cmocka_unit_test(test_nonsense_is_seen),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
