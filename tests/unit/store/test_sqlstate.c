/* SPDX-License-Identifier: Apache-2.0 */
/* What error codes of the server mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/sqlstate.h"

static void test_codes(void **state)
{
	(void)state;
	static const struct {
		const char *code;
		enum su_status status;
	} rows[] = {
		{ NULL, SU_RETRY },
		{ "", SU_RETRY },
		{ "40001", SU_RETRY },
		{ "40P01", SU_RETRY },
		{ "08006", SU_RETRY },
		{ "57P01", SU_RETRY },
		{ "57P03", SU_RETRY },
		{ "57014", SU_RETRY },
		{ "53300", SU_RETRY },
		{ "53100", SU_FULL },
		{ "42501", SU_FULL },
		{ "58030", SU_IO },
		{ "23505", SU_CONFLICT },
		{ "23503", SU_CONFLICT },
		{ "23502", SU_INVALID },
		{ "22021", SU_INVALID },
		{ "42601", SU_BUG },
		{ "25P02", SU_BUG },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(sqlstate_status(rows[i].code), rows[i].status);
}

static void test_spoiled_connections(void **state)
{
	(void)state;
	assert_true(sqlstate_spoils_connection("26000"));
	assert_true(sqlstate_spoils_connection("0A000"));
	assert_false(sqlstate_spoils_connection("23505"));
	assert_false(sqlstate_spoils_connection(NULL));
}

static void test_known_constraints_speak_to_users(void **state)
{
	(void)state;
	struct su_error err = { 0 };
	assert_true(sqlstate_explain_constraint("api_token_name_key", &err));
	assert_int_equal(err.status, SU_CONFLICT);
	assert_string_equal(err.field, "name");
	assert_false(sqlstate_explain_constraint("something_else", &err));
	assert_false(sqlstate_explain_constraint(NULL, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_spoiled_connections),
		cmocka_unit_test(test_known_constraints_speak_to_users),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
