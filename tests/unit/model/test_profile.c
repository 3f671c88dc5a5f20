/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles: what is known stays, what is unknown is filled, equality minds both. */
#include "model/profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct profile sleepy = {
	.has_reachability = true,
	.reachability = REACH_QUEUE,
	.has_awake = true,
	.awake_s = 93,
	.has_takes_push = true,
	.takes_push = true,
};

static void test_unknown_is_filled(void **state)
{
	struct profile profile = { 0 };
	(void)state;
	profile_fill(&profile, &sleepy);
	assert_true(profile_equal(&profile, &sleepy));
}

static void test_known_stays(void **state)
{
	struct profile profile = {
		.has_reachability = true,
		.reachability = REACH_ALWAYS,
		.has_takes_push = true,
	};
	(void)state;
	profile_fill(&profile, &sleepy);
	assert_int_equal(profile.reachability, REACH_ALWAYS);
	assert_false(profile.takes_push);
	assert_true(profile.has_awake);
	assert_int_equal(profile.awake_s, 93);
	assert_false(profile.has_install);
}

static void test_equality(void **state)
{
	struct profile other = sleepy;
	(void)state;
	other.install_s = 7; /* not known: says nothing */
	assert_true(profile_equal(&sleepy, &other));
	other.has_install = true;
	assert_false(profile_equal(&sleepy, &other));
	other = sleepy;
	other.awake_s = 94;
	assert_false(profile_equal(&sleepy, &other));
}

static void test_names(void **state)
{
	int value = 0;
	(void)state;
	assert_string_equal(name_of(reachability_names, REACH_WHILE_WORKING), "while_working");
	assert_int_equal(
		name_parse(reachability_names, "reachability", "queue", &value, NULL), SU_OK);
	assert_int_equal(value, REACH_QUEUE);
	assert_int_equal(
		name_parse(reachability_names, "reachability", "never", &value, NULL), SU_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unknown_is_filled),
		cmocka_unit_test(test_known_stays),
		cmocka_unit_test(test_equality),
		cmocka_unit_test(test_names),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
