/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the typed tree by recursive descent; whatever is wrong is told with its column. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "policy/expression_lex.h"

/* With EXPRESSION_MAX_NODES of them no sum leaves 64 bits. */
#define MAX_DURATION_MS (INT64_C(10000) * 366 * 86400 * 1000)
#define LABELS          "release.labels."
#define STARTS_WITH     ".startsWith"

struct parser {
	struct expression_source source;
	struct su_arena *arena;
	enum expression_scope scope;
	struct token token; /* the next one */
	unsigned depth, n_nodes;
	struct su_error *err;
};

static enum su_status parse_or(struct parser *parser, struct node **out);

#define FAIL(offset_, ...) expression_fail(&parser->source, (offset_), parser->err, __VA_ARGS__)

static enum su_status advance(struct parser *parser)
{
	return expression_lex(&parser->source, parser->token.offset + parser->token.len,
		parser->arena, &parser->token, parser->err);
}

/* "found 'x'; what would fit" */
static enum su_status unexpected(struct parser *parser, const char *fitting)
{
	const struct token *token = &parser->token;
	if (token->kind == TOKEN_END)
		return FAIL(token->offset, "found the end; %s would fit", fitting);
	return FAIL(token->offset, "found %.*s; %s would fit",
		(int)(token->len < 40 ? token->len : 40), parser->source.text + token->offset,
		fitting);
}

static enum su_status expect(struct parser *parser, enum token_kind kind, const char *fitting)
{
	if (parser->token.kind != kind)
		return unexpected(parser, fitting);
	return advance(parser);
}

static enum su_status node_new(
	struct parser *parser, enum node_kind kind, size_t offset, struct node **out)
{
	if (++parser->n_nodes > EXPRESSION_MAX_NODES)
		return FAIL(offset, "the expression has more than %d parts", EXPRESSION_MAX_NODES);
	*out = su_arena_new_of(parser->arena, struct node);
	(*out)->kind = kind;
	(*out)->offset = offset;
	return SU_OK;
}

static enum su_status node_literal(
	struct parser *parser, enum field_type type, size_t offset, struct node **out)
{
	SU_TRY(node_new(parser, NODE_LITERAL, offset, out));
	(*out)->type = type;
	(*out)->value.type = type;
	(*out)->value.known = true;
	return SU_OK;
}

static enum su_status node_pair(struct parser *parser, enum node_kind kind, struct node *left,
	struct node *right, struct node **out)
{
	SU_TRY(node_new(parser, kind, left->offset, out));
	(*out)->left = left;
	(*out)->right = right;
	return SU_OK;
}

/* Every way into the depth passes here. */
static enum su_status descend(struct parser *parser)
{
	if (++parser->depth > EXPRESSION_MAX_DEPTH)
		return FAIL(parser->token.offset, "the expression is nested deeper than %d",
			EXPRESSION_MAX_DEPTH);
	return SU_OK;
}

static enum su_status parse_number(
	struct parser *parser, size_t offset, bool minus, struct node **out)
{
	const struct token *token = &parser->token;
	const char *digits = su_arena_printf(parser->arena, "%s%s", minus ? "-" : "", token->text);
	errno = 0;
	if (token->kind == TOKEN_INT) {
		SU_TRY(node_literal(parser, FIELD_INT, offset, out));
		(*out)->value.integer = strtoll(digits, NULL, 10);
		if (errno == ERANGE)
			return FAIL(offset, "integers have at most 64 bits");
	} else {
		SU_TRY(node_literal(parser, FIELD_DOUBLE, offset, out));
		(*out)->value.real = strtod(digits, NULL);
		if (!isfinite((*out)->value.real))
			return FAIL(offset, "this number is too large");
	}
	return advance(parser);
}

static enum su_status parse_minus(struct parser *parser, struct node **out)
{
	size_t offset = parser->token.offset;
	SU_TRY(advance(parser));
	if (parser->token.kind != TOKEN_INT && parser->token.kind != TOKEN_DOUBLE)
		return unexpected(parser, "a number");
	return parse_number(parser, offset, true, out);
}

/* The ('text') of a function; its token is left in text_out. */
static enum su_status parse_text_argument(struct parser *parser, struct token *text_out)
{
	SU_TRY(expect(parser, TOKEN_OPEN, "'('"));
	*text_out = parser->token;
	SU_TRY(expect(parser, TOKEN_TEXT, "a text in quotes"));
	return expect(parser, TOKEN_CLOSE, "')'");
}

static enum su_status parse_timestamp(struct parser *parser, size_t offset, struct node **out)
{
	struct token text;
	SU_TRY(parse_text_argument(parser, &text));
	SU_TRY(node_literal(parser, FIELD_TIME, offset, out));
	if (su_time_parse(text.text, &(*out)->value.integer, NULL) != SU_OK)
		return FAIL(text.offset, "not a time; '2026-11-21T09:00:00Z' would fit");
	return SU_OK;
}

static enum su_status parse_duration(struct parser *parser, size_t offset, struct node **out)
{
	struct token text;
	SU_TRY(parse_text_argument(parser, &text));
	SU_TRY(node_literal(parser, FIELD_DURATION, offset, out));
	if (su_duration_parse(text.text, &(*out)->value.integer, NULL) != SU_OK)
		return FAIL(text.offset, "not a duration; 'P2DT4H' or 'PT15M' would fit");
	if ((*out)->value.integer > MAX_DURATION_MS)
		return FAIL(text.offset, "longer than 10000 years");
	return SU_OK;
}

static enum su_status unknown_field(struct parser *parser, const struct token *token)
{
	const struct field *near = fields_find_near(token->text);
	if (near)
		return FAIL(token->offset, "there is no field %.60s; did you mean %s?", token->text,
			near->name);
	return FAIL(token->offset,
		"there is no field %.60s; names begin with device., release., release.labels. or "
		"installed., or are now",
		token->text);
}

static enum su_status parse_field(
	struct parser *parser, const struct token *token, struct node **out)
{
	size_t prefix = strlen(LABELS);
	SU_TRY(node_new(parser, NODE_FIELD, token->offset, out));
	struct node *node = *out;
	node->field = fields_find(token->text);
	if (node->field)
		node->type = node->field->type;
	else if (strncmp(token->text, LABELS, prefix) == 0 && !strchr(token->text + prefix, '.')) {
		node->label = token->text + prefix;
		node->untyped = true;
	} else
		return unknown_field(parser, token);
	if (parser->scope == EXPRESSION_DEVICES && (!node->field || !node->field->sql))
		return FAIL(token->offset,
			"%.60s is for policies only; other fields of device.* would fit",
			token->text);
	return SU_OK;
}

static enum su_status parse_has(struct parser *parser, size_t offset, struct node **out)
{
	struct node *field;
	SU_TRY(expect(parser, TOKEN_OPEN, "'('"));
	struct token name = parser->token;
	SU_TRY(expect(parser, TOKEN_NAME, "a field"));
	SU_TRY(parse_field(parser, &name, &field));
	SU_TRY(expect(parser, TOKEN_CLOSE, "')'"));
	SU_TRY(node_new(parser, NODE_HAS, offset, out));
	(*out)->left = field;
	(*out)->type = FIELD_BOOL;
	return SU_OK;
}

static enum su_status parse_starts_with(
	struct parser *parser, const struct token *name, struct node **out)
{
	struct token owner = *name, text;
	struct node *field, *beginning;
	owner.text = su_arena_strndup(
		parser->arena, name->text, strlen(name->text) - strlen(STARTS_WITH));
	SU_TRY(parse_field(parser, &owner, &field));
	SU_TRY(parse_text_argument(parser, &text));
	SU_TRY(node_literal(parser, FIELD_TEXT, text.offset, &beginning));
	beginning->value.text = text.text;
	SU_TRY(node_pair(parser, NODE_STARTS_WITH, field, beginning, out));
	return expression_type_starts_with(&parser->source, *out, parser->err);
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);
	return len > end_len && strcmp(text + len - end_len, end) == 0;
}

static enum su_status parse_name(struct parser *parser, struct node **out)
{
	struct token name = parser->token;
	SU_TRY(advance(parser));
	if (strcmp(name.text, "true") == 0 || strcmp(name.text, "false") == 0) {
		SU_TRY(node_literal(parser, FIELD_BOOL, name.offset, out));
		(*out)->value.boolean = name.text[0] == 't';
		return SU_OK;
	}
	if (parser->token.kind != TOKEN_OPEN)
		return parse_field(parser, &name, out);
	if (strcmp(name.text, "has") == 0)
		return parse_has(parser, name.offset, out);
	if (strcmp(name.text, "timestamp") == 0)
		return parse_timestamp(parser, name.offset, out);
	if (strcmp(name.text, "duration") == 0)
		return parse_duration(parser, name.offset, out);
	if (ends_with(name.text, STARTS_WITH))
		return parse_starts_with(parser, &name, out);
	return FAIL(name.offset,
		"there is no function %.60s; has(), duration(), timestamp() and .startsWith() "
		"would "
		"fit",
		name.text);
}

static enum su_status parse_primary(struct parser *parser, struct node **out);

static enum su_status parse_list(struct parser *parser, struct node **out)
{
	struct node *list = NULL;
	struct node *items[EXPRESSION_MAX_NODES];
	SU_TRY(node_new(parser, NODE_LIST, parser->token.offset, &list));
	do {
		SU_TRY(advance(parser));
		struct node *item;
		SU_TRY(parse_primary(parser, &item));
		if (item->kind != NODE_LITERAL)
			return FAIL(item->offset, "only values can stand in a list");
		items[list->n_items++] = item;
	} while (parser->token.kind == TOKEN_COMMA);
	SU_TRY(expect(parser, TOKEN_CLOSE_LIST, "',' or ']'"));
	list->items = su_arena_array(parser->arena, list->n_items, sizeof(struct node *));
	memcpy(list->items, items, list->n_items * sizeof(struct node *));
	*out = list;
	return expression_type_list(&parser->source, list, parser->err);
}

static enum su_status parse_group(struct parser *parser, struct node **out)
{
	SU_TRY(advance(parser));
	SU_TRY(parse_or(parser, out));
	return expect(parser, TOKEN_CLOSE, "')' or an operator");
}

static enum su_status parse_not(struct parser *parser, struct node **out)
{
	size_t offset = parser->token.offset;
	struct node *operand;
	SU_TRY(advance(parser));
	SU_TRY(parse_primary(parser, &operand));
	SU_TRY(expression_type_bool(&parser->source, operand, parser->err));
	SU_TRY(node_new(parser, NODE_NOT, offset, out));
	(*out)->left = operand;
	(*out)->type = FIELD_BOOL;
	return SU_OK;
}

static enum su_status parse_text(struct parser *parser, struct node **out)
{
	SU_TRY(node_literal(parser, FIELD_TEXT, parser->token.offset, out));
	(*out)->value.text = parser->token.text;
	return advance(parser);
}

static enum su_status parse_nested(struct parser *parser,
	enum su_status (*parse)(struct parser *, struct node **), struct node **out)
{
	SU_TRY(descend(parser));
	SU_TRY(parse(parser, out));
	parser->depth--;
	return SU_OK;
}

static enum su_status parse_primary(struct parser *parser, struct node **out)
{
	switch ((int)parser->token.kind) {
	case TOKEN_INT:
	case TOKEN_DOUBLE:
		return parse_number(parser, parser->token.offset, false, out);
	case TOKEN_MINUS:
		return parse_minus(parser, out);
	case TOKEN_TEXT:
		return parse_text(parser, out);
	case TOKEN_NAME:
		return parse_name(parser, out);
	case TOKEN_NOT:
		return parse_nested(parser, parse_not, out);
	case TOKEN_OPEN:
		return parse_nested(parser, parse_group, out);
	case TOKEN_OPEN_LIST:
		return parse_nested(parser, parse_list, out);
	default:
		return unexpected(parser, "a field or a value");
	}
}

static enum su_status parse_sum(struct parser *parser, struct node **out)
{
	SU_TRY(parse_primary(parser, out));
	while (parser->token.kind == TOKEN_PLUS || parser->token.kind == TOKEN_MINUS) {
		enum node_kind kind = parser->token.kind == TOKEN_PLUS ? NODE_ADD : NODE_SUBTRACT;
		struct node *right;
		SU_TRY(advance(parser));
		SU_TRY(parse_primary(parser, &right));
		SU_TRY(node_pair(parser, kind, *out, right, out));
		SU_TRY(expression_type_sum(&parser->source, *out, parser->err));
	}
	return SU_OK;
}

static bool token_compares(const struct token *token, enum compare_op *op_out)
{
	if (token->kind < TOKEN_EQ || token->kind > TOKEN_GE)
		return false;
	*op_out = (enum compare_op)(token->kind - TOKEN_EQ);
	return true;
}

static bool token_is_in(const struct token *token)
{
	return token->kind == TOKEN_NAME && strcmp(token->text, "in") == 0;
}

static enum su_status parse_relation(struct parser *parser, struct node **out)
{
	struct node *right;
	enum compare_op op = COMPARE_EQ;
	SU_TRY(parse_sum(parser, out));
	bool compares = token_compares(&parser->token, &op);
	if (!compares && !token_is_in(&parser->token))
		return SU_OK;
	SU_TRY(advance(parser));
	SU_TRY(parse_sum(parser, &right));
	SU_TRY(node_pair(parser, compares ? NODE_COMPARE : NODE_IN, *out, right, out));
	(*out)->op = op;
	SU_TRY(compares ? expression_type_compare(&parser->source, *out, parser->err)
			: expression_type_in(&parser->source, *out, parser->err));
	if (token_compares(&parser->token, &op) || token_is_in(&parser->token))
		return unexpected(parser, "&& or ||");
	return SU_OK;
}

static enum su_status parse_chain(struct parser *parser, enum token_kind sign, enum node_kind kind,
	enum su_status (*parse_part)(struct parser *, struct node **), struct node **out)
{
	SU_TRY(parse_part(parser, out));
	while (parser->token.kind == sign) {
		struct node *right;
		SU_TRY(expression_type_bool(&parser->source, *out, parser->err));
		SU_TRY(advance(parser));
		SU_TRY(parse_part(parser, &right));
		SU_TRY(expression_type_bool(&parser->source, right, parser->err));
		SU_TRY(node_pair(parser, kind, *out, right, out));
		(*out)->type = FIELD_BOOL;
	}
	return SU_OK;
}

static enum su_status parse_and(struct parser *parser, struct node **out)
{
	return parse_chain(parser, TOKEN_AND, NODE_AND, parse_relation, out);
}

static enum su_status parse_or(struct parser *parser, struct node **out)
{
	return parse_chain(parser, TOKEN_OR, NODE_OR, parse_and, out);
}

static enum su_status check_text(const struct parser *parser)
{
	const char *text = parser->source.text;
	size_t len = strnlen(text, EXPRESSION_MAX_BYTES + 1);
	if (len > EXPRESSION_MAX_BYTES)
		return FAIL(0, "the expression has more than %d bytes", EXPRESSION_MAX_BYTES);
	for (size_t at = 0; at < len;) {
		uint32_t code_point;
		size_t n = su_utf8_next(su_span_of(text + at, len - at), &code_point);
		if (n == 0)
			return FAIL(at, "the expression is not UTF-8 here");
		at += n;
	}
	return SU_OK;
}

enum su_status expression_parse(struct su_arena *arena, const char *name, const char *text,
	enum expression_scope scope, const struct expression **out, struct su_error *err)
{
	struct parser state = {
		.source = { name, text }, .arena = arena, .scope = scope, .err = err
	};
	struct parser *parser = &state;
	struct node *root;
	SU_TRY(check_text(parser));
	parser->source.text = su_arena_strdup(arena, text);
	SU_TRY(advance(parser));
	SU_TRY(parse_or(parser, &root));
	if (parser->token.kind != TOKEN_END)
		return unexpected(parser, "an operator or the end");
	SU_TRY(expression_type_bool(&parser->source, root, err));
	struct expression *expression = su_arena_new_of(arena, struct expression);
	expression->text = parser->source.text;
	expression->root = root;
	*out = expression;
	return SU_OK;
}

const char *expression_text(const struct expression *expression)
{
	return expression->text;
}
