/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluates in three-valued logic, as SQL does: what is unknown stays unknown unless the rest decides. */
#include <string.h>

#include "base/memory.h"
#include "policy/expression_tree.h"
#include "policy/release_labels.h"

struct run {
	const struct facts *facts;
	struct su_arena *arena;
	const struct expression_trace *trace;
};

static struct field_value evaluate(const struct run *run, const struct node *node);

static struct field_value truth(bool known, bool value)
{
	return (struct field_value){
		.type = FIELD_BOOL, .known = known, .boolean = known && value
	};
}

static struct field_value read_fact(const struct run *run, const struct node *node)
{
	if (node->field)
		return fields_read(node->field, run->facts, run->arena);
	struct field_value value = { .type = node->type };
	release_labels_read(run->facts->release, node->label, run->arena, &value);
	return value;
}

static struct field_value evaluate_field(const struct run *run, const struct node *node)
{
	struct field_value value = read_fact(run, node);
	if (run->trace)
		run->trace->on_fact(run->trace->arg, node, &value);
	return value;
}

static struct field_value evaluate_has(const struct run *run, const struct node *node)
{
	const struct node *fact = node->left;
	struct field_value value =
		fact->field ? read_fact(run, fact)
			    : truth(true, release_labels_have(run->facts->release, fact->label));
	bool has = fact->field ? value.known : value.boolean;
	struct field_value result = truth(true, has);
	if (run->trace)
		run->trace->on_fact(run->trace->arg, node, &result);
	return result;
}

/* decisive: what one side can settle alone, false for && and true for ||. */
static struct field_value evaluate_chain(
	const struct run *run, const struct node *node, bool decisive)
{
	struct field_value left = evaluate(run, node->left);
	if (left.known && left.boolean == decisive)
		return left;
	struct field_value right = evaluate(run, node->right);
	if (right.known && right.boolean == decisive)
		return right;
	return truth(left.known && right.known, !decisive);
}

static double number_of(const struct field_value *value)
{
	return value->type == FIELD_INT ? (double)value->integer : value->real;
}

static int order_numbers(const struct field_value *a, const struct field_value *b)
{
	if (a->type == FIELD_INT && b->type == FIELD_INT)
		return (a->integer > b->integer) - (a->integer < b->integer);
	double x = number_of(a), y = number_of(b);
	return (x > y) - (x < y);
}

/* Both known and of types that compare. */
static int order(const struct field_value *a, const struct field_value *b)
{
	switch (a->type) {
	case FIELD_INT:
	case FIELD_DOUBLE:
		return order_numbers(a, b);
	case FIELD_TEXT:
		return strcmp(a->text, b->text);
	case FIELD_BOOL:
		return (int)a->boolean - (int)b->boolean;
	case FIELD_TIME:
	case FIELD_DURATION:
	case FIELD_TEXT_LIST:
		break;
	}
	return (a->integer > b->integer) - (a->integer < b->integer);
}

static struct field_value evaluate_compare(const struct run *run, const struct node *node)
{
	struct field_value left = evaluate(run, node->left);
	struct field_value right = evaluate(run, node->right);
	if (!left.known || !right.known)
		return truth(false, false);
	int sign = order(&left, &right);
	switch (node->op) {
	case COMPARE_EQ:
		return truth(true, sign == 0);
	case COMPARE_NE:
		return truth(true, sign != 0);
	case COMPARE_LT:
		return truth(true, sign < 0);
	case COMPARE_LE:
		return truth(true, sign <= 0);
	case COMPARE_GT:
		return truth(true, sign > 0);
	case COMPARE_GE:
		break;
	}
	return truth(true, sign >= 0);
}

static struct field_value evaluate_in(const struct run *run, const struct node *node)
{
	struct field_value left = evaluate(run, node->left);
	const struct node *list = node->right;
	bool is_in = false;
	if (list->kind == NODE_LIST) {
		for (size_t i = 0; left.known && i < list->n_items && !is_in; i++)
			is_in = order(&left, &list->items[i]->value) == 0;
		return truth(left.known, is_in);
	}
	struct field_value texts = evaluate(run, list);
	if (!left.known || !texts.known)
		return truth(false, false);
	for (size_t i = 0; i < texts.n_texts && !is_in; i++)
		is_in = strcmp(left.text, texts.texts[i]) == 0;
	return truth(true, is_in);
}

static struct field_value evaluate_starts_with(const struct run *run, const struct node *node)
{
	struct field_value left = evaluate(run, node->left);
	const char *beginning = node->right->value.text;
	return truth(
		left.known, left.known && strncmp(left.text, beginning, strlen(beginning)) == 0);
}

static struct field_value evaluate_sum(const struct run *run, const struct node *node)
{
	struct field_value left = evaluate(run, node->left);
	struct field_value right = evaluate(run, node->right);
	struct field_value sum = { .type = node->type, .known = left.known && right.known };
	if (!sum.known)
		return sum;
	bool overflow = node->kind == NODE_ADD
				? __builtin_add_overflow(left.integer, right.integer, &sum.integer)
				: __builtin_sub_overflow(left.integer, right.integer, &sum.integer);
	/* No stored time comes near that. */
	if (overflow)
		sum = (struct field_value){ .type = node->type };
	return sum;
}

static struct field_value evaluate(const struct run *run, const struct node *node)
{
	struct field_value value;
	switch (node->kind) {
	case NODE_LITERAL:
	case NODE_LIST:
		return node->value;
	case NODE_FIELD:
		return evaluate_field(run, node);
	case NODE_HAS:
		return evaluate_has(run, node);
	case NODE_NOT:
		value = evaluate(run, node->left);
		return truth(value.known, !value.boolean);
	case NODE_AND:
		return evaluate_chain(run, node, false);
	case NODE_OR:
		return evaluate_chain(run, node, true);
	case NODE_COMPARE:
		return evaluate_compare(run, node);
	case NODE_IN:
		return evaluate_in(run, node);
	case NODE_STARTS_WITH:
		return evaluate_starts_with(run, node);
	case NODE_ADD:
	case NODE_SUBTRACT:
		break;
	}
	return evaluate_sum(run, node);
}

struct field_value expression_evaluate(const struct expression *expression,
	const struct facts *facts, struct su_arena *arena, const struct expression_trace *trace)
{
	const struct run run = { facts, arena, trace };
	return evaluate(&run, expression->root);
}

bool expression_holds(const struct expression *expression, const struct facts *facts)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct field_value value = expression_evaluate(expression, facts, arena, NULL);
	return value.known && value.boolean;
}
