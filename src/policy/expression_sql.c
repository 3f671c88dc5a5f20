/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles a selector to SQL out of our own fragments; nothing of the user's text is ever in it. */
#include <inttypes.h>
#include <string.h>

#include "policy/expression_tree.h"

struct writer {
	struct su_arena *arena;
	struct su_buf text;
	unsigned first_param;
	int64_t now_ms;
	size_t n_params;
	const char **params;
};

static void write_node(struct writer *writer, const struct node *node);

static void write_param(struct writer *writer, const char *value, const char *type)
{
	su_buf_printf(&writer->text, "$%zu::%s", writer->first_param + writer->n_params, type);
	writer->params[writer->n_params++] = value;
}

static void write_int(struct writer *writer, int64_t value)
{
	write_param(writer, su_arena_printf(writer->arena, "%" PRId64, value), "bigint");
}

static void write_literal(struct writer *writer, const struct field_value *value)
{
	switch (value->type) {
	case FIELD_BOOL:
		write_param(writer, value->boolean ? "true" : "false", "boolean");
		break;
	case FIELD_DOUBLE:
		/* 17 digits bring back the same number. */
		write_param(writer, su_arena_printf(writer->arena, "%.17g", value->real), "float8");
		break;
	case FIELD_TEXT:
		write_param(writer, value->text, "text");
		break;
	case FIELD_INT:
	case FIELD_TIME:
	case FIELD_DURATION:
	case FIELD_TEXT_LIST:
		write_int(writer, value->integer);
		break;
	}
}

static void write_field(struct writer *writer, const struct field *field)
{
	if (strcmp(field->sql, FIELDS_SQL_NOW) == 0)
		write_int(writer, writer->now_ms);
	else
		su_buf_printf(&writer->text, "%s", field->sql);
}

static void write_operand(struct writer *writer, const struct node *node, bool by_bytes)
{
	write_node(writer, node);
	if (by_bytes)
		su_buf_printf(&writer->text, " COLLATE \"C\"");
}

static void write_compare(struct writer *writer, const struct node *node)
{
	static const char *const signs[] = {
		[COMPARE_EQ] = " = ",
		[COMPARE_NE] = " <> ",
		[COMPARE_LT] = " < ",
		[COMPARE_LE] = " <= ",
		[COMPARE_GT] = " > ",
		[COMPARE_GE] = " >= ",
	};
	/* Equality is the same in every collation (and so may use an index), order is not. */
	bool by_bytes =
		node->left->type == FIELD_TEXT && node->op != COMPARE_EQ && node->op != COMPARE_NE;
	write_operand(writer, node->left, by_bytes);
	su_buf_printf(&writer->text, "%s", signs[node->op]);
	write_operand(writer, node->right, by_bytes);
}

static void write_in(struct writer *writer, const struct node *node)
{
	const struct node *list = node->right;
	write_node(writer, node->left);
	if (list->kind != NODE_LIST) {
		su_buf_printf(&writer->text, " = ANY (");
		write_node(writer, list);
	} else {
		su_buf_printf(&writer->text, " IN (");
		for (size_t i = 0; i < list->n_items; i++) {
			if (i > 0)
				su_buf_printf(&writer->text, ", ");
			write_literal(writer, &list->items[i]->value);
		}
	}
	su_buf_append_byte(&writer->text, ')');
}

/* A chain is flat, so that its length costs PostgreSQL no depth. */
static void write_chain(struct writer *writer, const struct node *node, const char *sign)
{
	if (node->left->kind == node->kind)
		write_chain(writer, node->left, sign);
	else
		write_node(writer, node->left);
	su_buf_printf(&writer->text, "%s", sign);
	write_node(writer, node->right);
}

static void write_call(struct writer *writer, const struct node *node)
{
	su_buf_printf(&writer->text, "starts_with(");
	write_node(writer, node->left);
	su_buf_printf(&writer->text, ", ");
	write_node(writer, node->right);
	su_buf_append_byte(&writer->text, ')');
}

static void write_inner(struct writer *writer, const struct node *node)
{
	switch (node->kind) {
	case NODE_LITERAL:
	case NODE_LIST:
	case NODE_FIELD:
		break;
	case NODE_HAS:
		write_node(writer, node->left);
		su_buf_printf(&writer->text, " IS NOT NULL");
		break;
	case NODE_NOT:
		su_buf_printf(&writer->text, "NOT ");
		write_node(writer, node->left);
		break;
	case NODE_AND:
		write_chain(writer, node, " AND ");
		break;
	case NODE_OR:
		write_chain(writer, node, " OR ");
		break;
	case NODE_COMPARE:
		write_compare(writer, node);
		break;
	case NODE_IN:
		write_in(writer, node);
		break;
	case NODE_STARTS_WITH:
		write_call(writer, node);
		break;
	case NODE_ADD:
	case NODE_SUBTRACT:
		write_chain(writer, node, node->kind == NODE_ADD ? " + " : " - ");
		break;
	}
}

static void write_node(struct writer *writer, const struct node *node)
{
	if (node->kind == NODE_LITERAL) {
		write_literal(writer, &node->value);
	} else if (node->kind == NODE_FIELD) {
		write_field(writer, node->field);
	} else {
		su_buf_append_byte(&writer->text, '(');
		write_inner(writer, node);
		su_buf_append_byte(&writer->text, ')');
	}
}

void expression_to_sql(struct su_arena *arena, const struct expression *expression,
	unsigned first_param, int64_t now_ms, struct expression_sql *out)
{
	struct writer writer = { .arena = arena,
		.first_param = first_param,
		.now_ms = now_ms,
		.params = su_arena_array(arena, EXPRESSION_MAX_NODES, sizeof(char *)) };
	write_node(&writer, expression->root);
	*out = (struct expression_sql){
		.where = su_arena_strdup(arena, su_buf_str(&writer.text)),
		.n_params = writer.n_params,
		.params = writer.params,
	};
	su_buf_free(&writer.text);
}
