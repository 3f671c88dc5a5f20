/* SPDX-License-Identifier: Apache-2.0 */
/* The words for the purposes of a trust anchor, as they stand in the API and the database. */
#include "model/trust_anchor.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_purposes(void **state)
{
	int value = -1;
	(void)state;
	assert_string_equal(name_of(anchor_purpose_names, ANCHOR_AUTHOR), "author");
	assert_string_equal(name_of(anchor_purpose_names, ANCHOR_DEVICE), "device");
	assert_int_equal(
		name_parse(anchor_purpose_names, "purpose", "device", &value, NULL), SU_OK);
	assert_int_equal(value, ANCHOR_DEVICE);
	assert_int_equal(
		name_parse(anchor_purpose_names, "purpose", "server", &value, NULL), SU_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_purposes),
	};
	return cmocka_run_group_tests_name("trust_anchor", tests, NULL, NULL);
}
