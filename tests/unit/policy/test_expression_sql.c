/* SPDX-License-Identifier: Apache-2.0 */
/* The SQL of selectors: only our own fragments, all values as parameters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "policy/expression.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static int set_up(void **state)
{
	*state = su_arena_new();
	return 0;
}

static int tear_down(void **state)
{
	struct su_arena *arena = *state;
	su_arena_free(&arena);
	return 0;
}

static struct expression_sql compile(struct su_arena *arena, const char *text)
{
	const struct expression *expression = NULL;
	struct expression_sql sql;
	struct su_error err = { 0 };
	if (expression_parse(arena, "filter", text, EXPRESSION_DEVICES, &expression, &err) != SU_OK)
		fail_msg("%s: %s: %s", text, err.field, err.text);
	expression_to_sql(arena, expression, 3, 1234, &sql);
	return sql;
}

static const struct {
	const char *text, *where;
	size_t n_params;
	const char *params[3];
} rows[] = {
	{ "device.model == 'm1'", "(d.model = $3::text)", 1, { "m1" } },
	{ "device.model < 'm1'", "(d.model COLLATE \"C\" < $3::text COLLATE \"C\")", 1, { "m1" } },
	{ "device.model.startsWith('m')", "(starts_with(d.model, $3::text))", 1, { "m" } },
	{ "!(device.battery_mwh > 7) && true",
		"((NOT (d.battery_mwh > $3::bigint)) AND $4::boolean)", 2, { "7", "true" } },
	{ "device.battery_mwh in [1, 0.5]", "(d.battery_mwh IN ($3::float8, $4::float8))", 2,
		{ "1", "0.5" } },
	{ "has(device.serial) || has(device.site)",
		"((d.serial IS NOT NULL) OR (d.site IS NOT NULL))", 0, { NULL } },
	{ "now - device.last_seen > duration('PT1S')",
		"(($3::bigint - NULLIF(ms(d.last_seen_at), 0)) > $4::bigint)", 2,
		{ "1234", "1000" } },
	{ "false || false || false", "($3::boolean OR $4::boolean OR $5::boolean)", 3,
		{ "false", "false", "false" } },
	{ "'6BA7B810-9dad-11d1-80b4-00c04fd430c8' in device.class_ids",
		"($3::text = ANY (NULLIF(d.class_ids, '{}')::text[]))", 1,
		{ "6ba7b810-9dad-11d1-80b4-00c04fd430c8" } },
};

static void test_selectors_become_sql(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct expression_sql sql = compile(*state, rows[i].text);
		assert_string_equal(sql.where, rows[i].where);
		assert_int_equal(sql.n_params, rows[i].n_params);
		for (size_t k = 0; k < sql.n_params; k++)
			assert_string_equal(sql.params[k], rows[i].params[k]);
	}
}

static void test_no_text_of_the_user_gets_into_the_sql(void **state)
{
	struct expression_sql sql = compile(*state, "device.model == '\\'; DROP TABLE device; --'");
	assert_string_equal(sql.where, "(d.model = $3::text)");
	assert_string_equal(sql.params[0], "'; DROP TABLE device; --");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_selectors_become_sql, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_no_text_of_the_user_gets_into_the_sql, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
