/* SPDX-License-Identifier: Apache-2.0 */
/* Why an expression came out as it did: the facts that its evaluation looked at, each once. */
#include <string.h>

#include "policy/expression_tree.h"

struct explanation {
	struct su_arena *arena;
	struct su_buf text;
	size_t n_told;
	const char *told[EXPRESSION_MAX_NODES];
};

static const char *fact_name(struct su_arena *arena, const struct node *fact)
{
	if (fact->kind == NODE_HAS)
		return su_arena_printf(arena, "has(%s)", fact_name(arena, fact->left));
	return fact->field ? fact->field->name
			   : su_arena_printf(arena, "release.labels.%s", fact->label);
}

static void tell_fact(void *arg, const struct node *fact, const struct field_value *value)
{
	struct explanation *explanation = arg;
	const char *name = fact_name(explanation->arena, fact);
	for (size_t i = 0; i < explanation->n_told; i++)
		if (strcmp(explanation->told[i], name) == 0)
			return;
	if (explanation->n_told > 0)
		su_buf_printf(&explanation->text, ", ");
	if (value->known)
		su_buf_printf(&explanation->text, "%s = %s", name,
			fields_format_value(explanation->arena, value));
	else
		su_buf_printf(&explanation->text, "%s is unknown", name);
	explanation->told[explanation->n_told++] = name;
}

const char *expression_explain(
	struct su_arena *arena, const struct expression *expression, const struct facts *facts)
{
	struct explanation *explanation = su_arena_new_of(arena, struct explanation);
	const struct expression_trace trace = { tell_fact, explanation };
	explanation->arena = arena;
	expression_evaluate(expression, facts, arena, &trace);
	if (explanation->n_told == 0)
		return "it looks at no fact";
	const char *text = su_arena_strdup(arena, su_buf_str(&explanation->text));
	su_buf_free(&explanation->text);
	return text;
}
