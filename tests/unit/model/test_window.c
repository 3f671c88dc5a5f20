/* SPDX-License-Identifier: Apache-2.0 */
/* The words for what a window means and how it is told. */
#include "model/window.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_words(void **state)
{
	(void)state;
	int value = -1;
	assert_string_equal(name_of(window_meaning_names, WINDOW_IDLE), "idle");
	assert_string_equal(name_of(window_meaning_names, WINDOW_BUSY), "busy");
	assert_string_equal(name_of(window_meaning_names, WINDOW_REACHABLE), "reachable");
	assert_int_equal(name_parse(window_form_names, "form", "rule", &value, NULL), SU_OK);
	assert_int_equal(value, WINDOW_RULE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
