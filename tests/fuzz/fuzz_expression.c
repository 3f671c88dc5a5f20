/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions as operators write them: the first byte picks the scope. What is refused is told with
 * its column; what is accepted evaluates, never holds together with its opposite, and parses again.
 */
#include <stdio.h>

#include "fuzz_check.h"
#include "policy/expression.h"

static const struct device device = { .endpoint = "a",
	.last_seen_at_ms = INT64_C(1800000000000),
	.told = { .model = "a", .has_battery = true, .battery_mwh = 1 } };
static const struct release release = { .labels_json = "{\"a\":\"a\",\"b\":1,\"c\":true}" };

/* The opposite of what is as large as allowed cannot be written down. */
static const struct expression *opposite(
	struct su_arena *arena, const char *text, enum expression_scope scope)
{
	const struct expression *out;
	const char *negation = su_arena_printf(arena, "!(%s)", text);
	return expression_parse(arena, "x", negation, scope, &out, NULL) == SU_OK ? out : NULL;
}

static void try_sql(struct su_arena *arena, const struct expression *expression)
{
	struct expression_sql sql;
	char last[32];
	expression_to_sql(arena, expression, 1, 0, &sql);
	require(sql.n_params <= EXPRESSION_MAX_NODES && sql.where[0] != '\0');
	snprintf(last, sizeof(last), "$%zu::", sql.n_params);
	require(sql.n_params == 0 || strstr(sql.where, last) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	enum expression_scope scope = data[0] % 2 ? EXPRESSION_POLICY : EXPRESSION_DEVICES;
	struct su_arena *arena = su_arena_new();
	const char *text = su_arena_strndup(arena, data + 1, size - 1);
	const struct facts facts = { INT64_C(1800000000000), &device, &release, 1, true, 1 };
	const struct expression *expression;
	struct su_error err = { 0 };
	enum su_status status = expression_parse(arena, "x", text, scope, &expression, &err);
	require_told(status, &err);
	require(status == SU_OK || strncmp(err.field, "x:", 2) == 0);
	if (status == SU_OK) {
		const struct expression *negation = opposite(arena, text, scope);
		bool holds = expression_holds(expression, &facts);
		require(!holds || !negation || !expression_holds(negation, &facts));
		require(strcmp(expression_text(expression), text) == 0);
		require(expression_explain(arena, expression, &facts)[0] != '\0');
		if (scope == EXPRESSION_DEVICES)
			try_sql(arena, expression);
	}
	su_arena_free(&arena);
	return 0;
}
