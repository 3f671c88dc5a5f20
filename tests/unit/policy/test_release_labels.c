/* SPDX-License-Identifier: Apache-2.0 */
/* Labels as the type that is asked for, or not at all. */
#include "policy/release_labels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct release labelled = {
	.labels_json = "{\"text\": \"a\", \"number\": 1.5, \"integer\": 2, \"yes\": true, \"no\": "
		       "false, \"list\": [1], \"none\": null}",
};

static int set_up(void **state)
{
	*state = su_arena_new();
	return 0;
}

static int tear_down(void **state)
{
	struct su_arena *arena = *state;
	su_arena_free(&arena);
	return 0;
}

static struct field_value read_label(
	struct su_arena *arena, const char *label, enum field_type type)
{
	struct field_value value = { .type = type };
	release_labels_read(&labelled, label, arena, &value);
	return value;
}

static void test_values_of_the_type_that_is_asked_for(void **state)
{
	assert_string_equal(read_label(*state, "text", FIELD_TEXT).text, "a");
	assert_true(read_label(*state, "number", FIELD_DOUBLE).real == 1.5);
	assert_true(read_label(*state, "integer", FIELD_DOUBLE).real == 2);
	assert_true(read_label(*state, "yes", FIELD_BOOL).boolean);
	assert_true(read_label(*state, "no", FIELD_BOOL).known);
	assert_false(read_label(*state, "no", FIELD_BOOL).boolean);
}

static void test_others_are_unknown(void **state)
{
	assert_false(read_label(*state, "text", FIELD_DOUBLE).known);
	assert_false(read_label(*state, "number", FIELD_TEXT).known);
	assert_false(read_label(*state, "integer", FIELD_BOOL).known);
	assert_false(read_label(*state, "list", FIELD_TEXT).known);
	assert_false(read_label(*state, "none", FIELD_BOOL).known);
	assert_false(read_label(*state, "absent", FIELD_TEXT).known);
}

static void test_having_a_label(void **state)
{
	const struct release bare = { .labels_json = NULL };
	(void)state;
	assert_true(release_labels_have(&labelled, "text"));
	assert_true(release_labels_have(&labelled, "number"));
	assert_true(release_labels_have(&labelled, "no"));
	assert_false(release_labels_have(&labelled, "list"));
	assert_false(release_labels_have(&labelled, "none"));
	assert_false(release_labels_have(&labelled, "absent"));
	assert_false(release_labels_have(&bare, "text"));
	assert_false(release_labels_have(NULL, "text"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_values_of_the_type_that_is_asked_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_others_are_unknown, set_up, tear_down),
		cmocka_unit_test(test_having_a_label),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
