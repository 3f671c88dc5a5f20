/* SPDX-License-Identifier: Apache-2.0 */
/* The words for states and kinds of a release, as they stand in the API and the database. */
#include "model/release.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_states(void **state)
{
	(void)state;
	assert_string_equal(name_of(release_state_names, RELEASE_INCOMPLETE), "incomplete");
	assert_string_equal(name_of(release_state_names, RELEASE_VERIFIED), "verified");
	assert_string_equal(name_of(release_state_names, RELEASE_APPROVED), "approved");
	assert_string_equal(name_of(release_state_names, RELEASE_WITHDRAWN), "withdrawn");
	assert_null(name_of(release_state_names, RELEASE_WITHDRAWN + 1));
}

static void test_kinds(void **state)
{
	(void)state;
	assert_string_equal(name_of(release_kind_names, KIND_UNSPECIFIED), "unspecified");
	assert_string_equal(name_of(release_kind_names, KIND_SECURITY), "security");
	assert_string_equal(name_of(release_kind_names, KIND_BUGFIX), "bugfix");
	assert_string_equal(name_of(release_kind_names, KIND_FEATURE), "feature");
	assert_string_equal(name_of(release_kind_names, KIND_CONFIGURATION), "configuration");
	assert_null(name_of(release_kind_names, KIND_CONFIGURATION + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_kinds),
	};
	return cmocka_run_group_tests_name("release", tests, NULL, NULL);
}
