/* SPDX-License-Identifier: Apache-2.0 */
/* Who may do what: the whole matrix, written out a second time. */
#include "model/role.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static const enum capability capabilities[] = { CAN_READ, CAN_PUBLISH, CAN_OPERATE,
	CAN_APPROVE_NETWORK, CAN_MANAGE_TRUST, CAN_MANAGE_TOKENS };

static const struct {
	enum role role;
	const char *name;
	const char *can; /* one letter for each of the capabilities above */
} matrix[] = {
	{ ROLE_AUTHOR, "author", "yynnnn" },
	{ ROLE_OPERATOR, "operator", "ynynnn" },
	{ ROLE_NETWORK_OPERATOR, "network_operator", "ynnynn" },
	{ ROLE_TRUST_AUTHORITY, "trust_authority", "ynnnyn" },
	{ ROLE_VIEWER, "viewer", "ynnnnn" },
	{ ROLE_ADMINISTRATOR, "administrator", "yyyyyy" },
};

static void test_matrix(void **state)
{
	(void)state;
	for (size_t r = 0; r < ARRAY_LEN(matrix); r++) {
		unsigned found = role_capabilities(matrix[r].role);
		assert_string_equal(name_of(role_names, (int)matrix[r].role), matrix[r].name);
		for (size_t c = 0; c < ARRAY_LEN(capabilities); c++)
			assert_int_equal((found & capabilities[c]) != 0, matrix[r].can[c] == 'y');
	}
}

static void test_unknown_role_can_nothing(void **state)
{
	(void)state;
	assert_int_equal(role_capabilities((enum role)99), 0);
	assert_int_equal(role_capabilities((enum role) - 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matrix),
		cmocka_unit_test(test_unknown_role_can_nothing),
	};
	return cmocka_run_group_tests_name("role", tests, NULL, NULL);
}
