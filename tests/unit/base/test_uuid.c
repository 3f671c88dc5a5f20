/* SPDX-License-Identifier: Apache-2.0 */
/* Identifiers: the bits RFC 9562 fixes, known name-based ones, and strict parsing. */
#include "base/uuid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static void test_v7_is_ordered_by_time(void **state)
{
	(void)state;
	struct su_uuid early = su_uuid_v7(INT64_C(0x0123456789ab));
	struct su_uuid late = su_uuid_v7(INT64_C(0x0123456789ac));
	assert_memory_equal(early.bytes, "\x01\x23\x45\x67\x89\xab", 6);
	assert_int_equal(early.bytes[6] >> 4, 7);
	assert_int_equal(early.bytes[8] >> 6, 2);
	assert_true(memcmp(early.bytes, late.bytes, 16) < 0);
	assert_false(su_uuid_equal(early, su_uuid_v7(INT64_C(0x0123456789ab))));
}

static void test_v5_of_known_names(void **state)
{
	char text[SU_UUID_TEXT_SIZE];
	(void)state;
	/* RFC 9562 appendix A.4 */
	struct su_uuid id = su_uuid_v5(su_uuid_namespace_dns, su_span_str("www.example.com"));
	su_uuid_format(id, text);
	assert_string_equal(text, "2ed6657d-e927-568b-95e1-2665a8aea6a2");
	/* the vendor identifier in the examples of draft-ietf-suit-manifest */
	id = su_uuid_v5(su_uuid_namespace_dns, su_span_str("arm.com"));
	su_uuid_format(id, text);
	assert_string_equal(text, "fa6b4a53-d5ad-5fdf-be9d-e663e4d41ffe");
}

static void test_text_both_ways(void **state)
{
	char text[SU_UUID_TEXT_SIZE];
	struct su_uuid id;
	(void)state;
	assert_int_equal(su_uuid_parse("6BA7B810-9dad-11d1-80b4-00c04fd430c8", &id, NULL), SU_OK);
	assert_true(su_uuid_equal(id, su_uuid_namespace_dns));
	su_uuid_format(id, text);
	assert_string_equal(text, "6ba7b810-9dad-11d1-80b4-00c04fd430c8");
}

static void test_bad_texts_are_refused(void **state)
{
	static const char *const texts[] = { "", "6ba7b810", "6ba7b8109dad11d180b400c04fd430c8",
		"6ba7b810-9dad-11d1-80b4-00c04fd430c", "6ba7b810-9dad-11d1-80b4-00c04fd430c88",
		"6ba7b810-9dad-11d1-80b4+00c04fd430c8", "6ba7b81-09dad-11d1-80b4-00c04fd430c8",
		"6ba7b810-9dad-11d1-80b4-00c04fd430cg", "{6ba7b810-9dad-11d1-80b4-00c04fd430}",
		" 6ba7b810-9dad-11d1-80b4-00c04fd430c", "6ba7b810-9dad-11d1-80b4-00c04fd430-8" };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct su_uuid id = su_uuid_namespace_dns;
		struct su_error err = { 0 };
		assert_int_equal(su_uuid_parse(texts[i], &id, &err), SU_INVALID);
		assert_non_null(strstr(err.text, "UUID"));
		assert_true(su_uuid_equal(id, su_uuid_namespace_dns));
	}
	struct su_uuid id;
	assert_int_equal(su_uuid_parse(NULL, &id, NULL), SU_INVALID);
}

static void test_random_bytes_fill_exactly(void **state)
{
	uint8_t bytes[1026] = { 0 };
	uint8_t seen = 0;
	(void)state;
	su_random_bytes(bytes + 1, 1024);
	for (size_t i = 1; i <= 1024; i++)
		seen |= bytes[i];
	assert_int_equal(seen, 0xff); /* fails by chance once in 2^1021 */
	assert_int_equal(bytes[0], 0);
	assert_int_equal(bytes[1025], 0);
	su_random_bytes(bytes, 0);
	assert_int_equal(bytes[0], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v7_is_ordered_by_time),
		cmocka_unit_test(test_v5_of_known_names),
		cmocka_unit_test(test_text_both_ways),
		cmocka_unit_test(test_bad_texts_are_refused),
		cmocka_unit_test(test_random_bytes_fill_exactly),
	};
	return cmocka_run_group_tests_name("uuid", tests, NULL, NULL);
}
