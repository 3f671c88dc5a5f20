/* SPDX-License-Identifier: Apache-2.0 */
/* Members of a document, and where their faults are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/urgency.h"
#include "policy/member.h"

struct given {
	struct su_arena *arena;
	json_t *json;
	struct member document;
	struct su_error err;
};

static struct given given(const char *text)
{
	struct given g = { .arena = su_arena_new(), .json = json_loads(text, 0, NULL) };
	assert_non_null(g.json);
	g.document = (struct member){ g.arena, g.json, "" };
	return g;
}

static void end(struct given *g)
{
	json_decref(g->json);
	su_arena_free(&g->arena);
}

static void test_paths_lead_to_the_member(void **state)
{
	(void)state;
	static const char *const names[] = { "a", NULL };
	struct given g = given("{\"list\": [{\"a\": 1}, {\"a\": 1, \"b\": 2}]}");
	const struct member list = member_get(&g.document, "list");
	const struct member first = member_at(&list, 0), second = member_at(&list, 1);
	size_t n;
	assert_int_equal(member_list(&list, 2, &n, &g.err), SU_OK);
	assert_int_equal(n, 2);
	assert_int_equal(member_list(&list, 1, &n, &g.err), SU_INVALID);
	assert_string_equal(g.err.field, "list");
	assert_int_equal(member_object(&first, names, &g.err), SU_OK);
	assert_int_equal(member_object(&second, names, &g.err), SU_INVALID);
	assert_string_equal(g.err.field, "list[1].b");
	assert_string_equal(g.err.text, "there is no such member");
	end(&g);
}

static void test_what_is_missing_or_of_another_type(void **state)
{
	(void)state;
	struct given g = given("{\"text\": \"x\", \"number\": 1}");
	const struct member text = member_get(&g.document, "text");
	const struct member number = member_get(&g.document, "number");
	const struct member missing = member_get(&g.document, "missing");
	const char *value;
	unsigned count;
	assert_false(member_is_given(&missing));
	assert_int_equal(member_text(&missing, 9, &value, &g.err), SU_INVALID);
	assert_string_equal(g.err.field, "missing");
	assert_string_equal(g.err.text, "is missing");
	assert_int_equal(member_text(&number, 9, &value, &g.err), SU_INVALID);
	assert_string_equal(g.err.text, "must be a text");
	assert_int_equal(member_count(&text, 0, 9, &count, &g.err), SU_INVALID);
	assert_string_equal(g.err.text, "must be a whole number");
	end(&g);
}

static void test_texts_are_bounded_and_printable(void **state)
{
	(void)state;
	struct given g = given("[\"\", \"12345\", \"a\\u0007\", \"gut\"]");
	const char *value;
	for (size_t i = 0; i < 3; i++) {
		const struct member item = member_at(&g.document, i);
		assert_int_equal(member_text(&item, 4, &value, &g.err), SU_INVALID);
	}
	const struct member good = member_at(&g.document, 3);
	assert_int_equal(member_text(&good, 4, &value, &g.err), SU_OK);
	assert_string_equal(value, "gut");
	end(&g);
}

static void test_numbers_keep_their_bounds(void **state)
{
	(void)state;
	struct given g = given("[-1, 0, 4294967296, 7, 0.0, 1.5, 1, 0.25]");
	unsigned count = 99;
	double share = 9;
	for (size_t i = 0; i < 3; i++) {
		const struct member item = member_at(&g.document, i);
		assert_int_equal(member_count(&item, 1, 9, &count, &g.err), SU_INVALID);
	}
	const struct member seven = member_at(&g.document, 3);
	assert_int_equal(member_count(&seven, 1, 9, &count, &g.err), SU_OK);
	assert_int_equal(count, 7);
	for (size_t i = 4; i < 6; i++) {
		const struct member item = member_at(&g.document, i);
		assert_int_equal(member_share(&item, &share, &g.err), SU_INVALID);
	}
	const struct member whole = member_at(&g.document, 6);
	assert_int_equal(member_share(&whole, &share, &g.err), SU_OK);
	assert_true(share == 1);
	end(&g);
}

static void test_durations_and_never(void **state)
{
	(void)state;
	struct given g = given("[\"PT15M\", \"never\", \"15m\", \"PT1S\", \"P2D\"]");
	const struct member_span open = { 60000, 86400000, INT64_MAX };
	const struct member_span closed = { 60000, 86400000, 0 };
	const struct member good = member_at(&g.document, 0), never = member_at(&g.document, 1);
	int64_t value;
	assert_int_equal(member_duration(&good, &closed, &value, &g.err), SU_OK);
	assert_int_equal(value, 900000);
	assert_int_equal(member_duration(&never, &closed, &value, &g.err), SU_INVALID);
	assert_int_equal(member_duration(&never, &open, &value, &g.err), SU_OK);
	assert_true(value == INT64_MAX);
	for (size_t i = 2; i < 5; i++) {
		const struct member item = member_at(&g.document, i);
		assert_int_equal(member_duration(&item, &open, &value, &g.err), SU_INVALID);
	}
	assert_string_equal(g.err.field, "[4]");
	assert_string_equal(g.err.text, "must be from PT1M to P1D");
	end(&g);
}

static void test_words_name_those_accepted(void **state)
{
	(void)state;
	struct given g = given("{\"urgency\": \"urgent\", \"other\": \"low\"}");
	const struct member bad = member_get(&g.document, "urgency");
	const struct member good = member_get(&g.document, "other");
	int value;
	assert_int_equal(member_name(&bad, urgency_names, &value, &g.err), SU_INVALID);
	assert_string_equal(g.err.field, "urgency");
	assert_string_equal(g.err.text, "must be one of critical, high, normal, low");
	assert_int_equal(member_name(&good, urgency_names, &value, &g.err), SU_OK);
	assert_int_equal(value, URGENCY_LOW);
	end(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths_lead_to_the_member),
		cmocka_unit_test(test_what_is_missing_or_of_another_type),
		cmocka_unit_test(test_texts_are_bounded_and_printable),
		cmocka_unit_test(test_numbers_keep_their_bounds),
		cmocka_unit_test(test_durations_and_never),
		cmocka_unit_test(test_words_name_those_accepted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
