/* SPDX-License-Identifier: Apache-2.0 */
/* Which tokens are accepted for what, and how long they are remembered. */
#include "server/auth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct token operator_token = { .name = "shift", .role = ROLE_OPERATOR };
static const uint8_t hash[CREDENTIAL_HASH_BYTES] = { 7, 1 };
static const uint8_t other_of_the_slot[CREDENTIAL_HASH_BYTES] = { 7, 2 };

static void test_judges_capabilities(void **state)
{
	(void)state;
	const struct {
		unsigned capabilities;
		enum su_status expected;
	} rows[] = {
		{ CAN_READ, SU_OK },
		{ CAN_OPERATE, SU_OK },
		{ CAN_OPERATE | CAN_MANAGE_TOKENS, SU_OK },
		{ CAN_PUBLISH, SU_DENIED },
		{ CAN_MANAGE_TOKENS | CAN_MANAGE_TRUST, SU_DENIED },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(auth_judge(&operator_token, rows[i].capabilities, 1000, NULL),
			rows[i].expected);
}

static void test_says_why_a_token_is_not_in_force(void **state)
{
	(void)state;
	struct token token = operator_token;
	struct su_error err;
	token.expires_at_ms = 5000;
	assert_int_equal(auth_judge(&token, CAN_READ, 4999, &err), SU_OK);
	assert_int_equal(auth_judge(&token, CAN_READ, 5000, &err), SU_UNAUTHENTICATED);
	assert_string_equal(err.text, "the token expired at 1970-01-01T00:00:05Z");
	token.revoked_at_ms = 3000;
	assert_int_equal(auth_judge(&token, CAN_READ, 4000, &err), SU_UNAUTHENTICATED);
	assert_string_equal(err.text, "the token was revoked at 1970-01-01T00:00:03Z");
}

static void test_remembers_for_a_while(void **state)
{
	(void)state;
	struct auth_memory *memory = auth_memory_new();
	struct su_arena *arena = su_arena_new();
	struct token token = { .name = NULL };
	assert_false(auth_recall(memory, hash, 0, arena, &token));
	auth_remember(memory, hash, &operator_token, 0);
	assert_true(auth_recall(memory, hash, 1000, arena, &token));
	assert_string_equal(token.name, "shift");
	assert_int_equal(token.role, ROLE_OPERATOR);
	assert_false(auth_recall(memory, hash, 600000, arena, &token));
	su_arena_free(&arena);
	auth_memory_free(&memory);
}

static void test_never_takes_one_token_for_another(void **state)
{
	(void)state;
	struct auth_memory *memory = auth_memory_new();
	struct su_arena *arena = su_arena_new();
	struct token token;
	auth_remember(memory, hash, &operator_token, 0);
	assert_false(auth_recall(memory, other_of_the_slot, 0, arena, &token));
	auth_remember(memory, other_of_the_slot, &operator_token, 0);
	assert_false(auth_recall(memory, hash, 0, arena, &token));
	assert_true(auth_recall(memory, other_of_the_slot, 0, arena, &token));
	su_arena_free(&arena);
	auth_memory_free(&memory);
}

static void test_forgets(void **state)
{
	(void)state;
	struct auth_memory *memory = auth_memory_new();
	struct su_arena *arena = su_arena_new();
	struct token token;
	auth_remember(memory, hash, &operator_token, 0);
	auth_forget_all(memory);
	assert_false(auth_recall(memory, hash, 0, arena, &token));
	su_arena_free(&arena);
	auth_memory_free(&memory);
	assert_null(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judges_capabilities),
		cmocka_unit_test(test_says_why_a_token_is_not_in_force),
		cmocka_unit_test(test_remembers_for_a_while),
		cmocka_unit_test(test_never_takes_one_token_for_another),
		cmocka_unit_test(test_forgets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
