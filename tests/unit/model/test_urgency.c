/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the urgency classes, in their order. */
#include "model/urgency.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_words(void **state)
{
	(void)state;
	static const char *const words[URGENCY_COUNT] = { "critical", "high", "normal", "low" };
	for (int i = 0; i < URGENCY_COUNT; i++)
		assert_string_equal(name_of(urgency_names, i), words[i]);
	assert_null(name_of(urgency_names, URGENCY_COUNT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
