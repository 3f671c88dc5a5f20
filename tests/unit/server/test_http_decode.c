/* SPDX-License-Identifier: Apache-2.0 */
/* Percent-decoding: what is decoded, and what is refused. */
#include "server/http_decode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_decodes(void **state)
{
	(void)state;
	const char *const rows[][2] = { { "", "" }, { "lamp-7", "lamp-7" },
		{ "a%2Fb%2fc", "a/b/c" }, { "%C3%A9", "\xc3\xa9" }, { "100%25", "100%" },
		{ "a+b", "a+b" } };
	struct su_arena *arena = su_arena_new();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *decoded;
		assert_int_equal(
			http_decode_percent(arena, su_span_str(rows[i][0]), &decoded, NULL), SU_OK);
		assert_string_equal(decoded, rows[i][1]);
	}
	su_arena_free(&arena);
}

static void test_refuses(void **state)
{
	(void)state;
	const char *const rows[] = { "%", "a%", "%4", "%zz", "%0g", "%00", "a%00b", "%ff", "%C3",
		"\xff", "%ED%A0%80", "% 41" };
	struct su_arena *arena = su_arena_new();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *decoded;
		struct su_error err = { 0 };
		assert_int_equal(http_decode_percent(arena, su_span_str(rows[i]), &decoded, &err),
			SU_INVALID);
		assert_string_not_equal(err.text, "");
	}
	su_arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decodes),
		cmocka_unit_test(test_refuses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
