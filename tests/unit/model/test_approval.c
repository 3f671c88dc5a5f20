/* SPDX-License-Identifier: Apache-2.0 */
/* The words for those who approve, as they stand in the API and the database. */
#include "model/approval.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_approvers(void **state)
{
	(void)state;
	assert_string_equal(name_of(approver_names, APPROVER_OPERATOR), "operator");
	assert_string_equal(name_of(approver_names, APPROVER_NETWORK_OPERATOR), "network_operator");
	assert_string_equal(name_of(approver_names, APPROVER_POLICY), "policy");
	assert_null(name_of(approver_names, APPROVER_COUNT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_approvers),
	};
	return cmocka_run_group_tests_name("approval", tests, NULL, NULL);
}
