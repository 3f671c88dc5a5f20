/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that are remembered, displaced and forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "server/coap_recent.h"

enum { LIFETIME_MS = 1000 };

static void test_finds_what_was_answered(void **state)
{
	(void)state;
	struct coap_recent *recent = coap_recent_new(16, LIFETIME_MS);
	struct coap_recent_answer answer = { .code = 65, .location = "abc" };
	coap_recent_put(recent, su_span_str("peer-1"), &answer, 0);
	const struct coap_recent_answer *found =
		coap_recent_find(recent, su_span_str("peer-1"), 10);
	assert_non_null(found);
	assert_int_equal(found->code, 65);
	assert_string_equal(found->location, "abc");
	assert_null(coap_recent_find(recent, su_span_str("peer-2"), 10));
	coap_recent_free(&recent);
	assert_null(recent);
}

static void test_forgets_in_time(void **state)
{
	(void)state;
	struct coap_recent *recent = coap_recent_new(16, LIFETIME_MS);
	struct coap_recent_answer answer = { .code = 68 };
	coap_recent_put(recent, su_span_str("a"), &answer, 0);
	assert_non_null(coap_recent_find(recent, su_span_str("a"), LIFETIME_MS - 1));
	assert_null(coap_recent_find(recent, su_span_str("a"), LIFETIME_MS));
	coap_recent_free(&recent);
}

static void test_the_newest_displaces(void **state)
{
	(void)state;
	struct coap_recent *recent = coap_recent_new(1, LIFETIME_MS);
	struct coap_recent_answer answer = { .code = 68 };
	coap_recent_put(recent, su_span_str("a"), &answer, 0);
	coap_recent_put(recent, su_span_str("b"), &answer, 0);
	assert_null(coap_recent_find(recent, su_span_str("a"), 1));
	assert_non_null(coap_recent_find(recent, su_span_str("b"), 1));
	coap_recent_free(&recent);
}

static void test_a_key_beyond_the_bound_is_not_kept(void **state)
{
	(void)state;
	struct coap_recent *recent = coap_recent_new(4, LIFETIME_MS);
	struct coap_recent_answer answer = { .code = 68 };
	char key[COAP_RECENT_KEY_BYTES + 1];
	memset(key, 'k', sizeof(key));
	coap_recent_put(recent, su_span_of(key, sizeof(key)), &answer, 0);
	assert_null(coap_recent_find(recent, su_span_of(key, sizeof(key)), 0));
	coap_recent_put(recent, SU_SPAN_EMPTY, &answer, 0);
	assert_null(coap_recent_find(recent, SU_SPAN_EMPTY, 0));
	coap_recent_free(&recent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_what_was_answered),
		cmocka_unit_test(test_forgets_in_time),
		cmocka_unit_test(test_the_newest_displaces),
		cmocka_unit_test(test_a_key_beyond_the_bound_is_not_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
