/* SPDX-License-Identifier: Apache-2.0 */
/* The words for states and kinds of a release, as they stand in the API and the database. */
#include "model/release.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/memory.h"

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

static void test_what_an_image_lacks(void **state)
{
	(void)state;
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct release_image image = { .hosted = true, .has_size = true, .size_bytes = 10 };
	assert_string_equal(release_image_problem(arena, &image), "has not come yet");
	image.has_found = true;
	image.found_bytes = 12;
	assert_string_equal(release_image_problem(arena, &image),
		"has 12 bytes, the manifest says 10: the release can never be complete");
	image.found_bytes = 10;
	assert_string_equal(
		release_image_problem(arena, &image), "is a dependency that is incomplete itself");
	image.present = true;
	assert_null(release_image_problem(arena, &image));
	image = (struct release_image){ .hosted = false };
	assert_null(release_image_problem(arena, &image));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_what_an_image_lacks),
	};
	return cmocka_run_group_tests_name("release", tests, NULL, NULL);
}
