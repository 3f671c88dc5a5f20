/* SPDX-License-Identifier: Apache-2.0 */
/* What fits together: types are strict, but for integers where numbers are compared. */
#include <stdio.h>
#include <string.h>

#include "base/uuid.h"
#include "policy/expression_tree.h"

static bool is_number(enum field_type type)
{
	return type == FIELD_INT || type == FIELD_DOUBLE;
}

static bool is_list(const struct node *node)
{
	return node->kind == NODE_LIST || node->type == FIELD_TEXT_LIST;
}

static const char *found(const struct node *node)
{
	if (node->untyped)
		return "a label";
	return node->kind == NODE_LIST ? "a list" : fields_type_name(node->type);
}

static enum su_status misfit(const struct expression_source *source, const struct node *node,
	const char *fitting, struct su_error *err)
{
	return expression_fail(
		source, node->offset, err, "found %s; %s would fit", found(node), fitting);
}

/* Labels are what the other side asks for. */
static enum su_status ask_label(const struct expression_source *source, struct node *node,
	enum field_type type, struct su_error *err)
{
	if (!node->untyped)
		return SU_OK;
	if (type != FIELD_TEXT && type != FIELD_BOOL && !is_number(type))
		return expression_fail(source, node->offset, err,
			"found a label where %s stands on the other side; a label can be a text, a "
			"number "
			"or a truth value",
			fields_type_name(type));
	node->type = is_number(type) ? FIELD_DOUBLE : type;
	node->untyped = false;
	return SU_OK;
}

enum su_status expression_type_bool(
	const struct expression_source *source, struct node *node, struct su_error *err)
{
	SU_TRY(ask_label(source, node, FIELD_BOOL, err));
	if (node->type != FIELD_BOOL || is_list(node))
		return misfit(source, node, "a truth value (a comparison, for one)", err);
	return SU_OK;
}

/* A word that the field can never be is a slip of the pen. */
static enum su_status check_words(const struct expression_source *source, const struct field *field,
	const struct node *literal, struct su_error *err)
{
	char words[160] = "";
	for (const struct name_row *row = field->words; row->name; row++) {
		if (strcmp(row->name, literal->value.text) == 0)
			return SU_OK;
		size_t len = strlen(words);
		snprintf(words + len, sizeof(words) - len, "%s'%s'", len ? ", " : "", row->name);
	}
	return expression_fail(
		source, literal->offset, err, "%s is never that; it can be %s", field->name, words);
}

static enum su_status check_uuid(const struct expression_source *source, const struct field *field,
	struct node *literal, struct su_error *err)
{
	struct su_uuid id;
	if (su_uuid_parse(literal->value.text, &id, NULL) != SU_OK)
		return expression_fail(source, literal->offset, err,
			"%s are UUIDs, such as '6ba7b810-9dad-11d1-80b4-00c04fd430c8'",
			field->name);
	/* Only the case of its letters can differ from the canonical form. */
	for (char *c = (char *)(uintptr_t)literal->value.text; *c; c++)
		if (*c >= 'A' && *c <= 'F')
			*c = (char)(*c - 'A' + 'a');
	return SU_OK;
}

/* literal stands opposite of field. */
static enum su_status check_value(const struct expression_source *source, const struct node *field,
	struct node *literal, struct su_error *err)
{
	if (field->kind != NODE_FIELD || !field->field || literal->kind != NODE_LITERAL ||
		literal->type != FIELD_TEXT)
		return SU_OK;
	if (field->field->words)
		SU_TRY(check_words(source, field->field, literal, err));
	if (field->field->is_uuid)
		SU_TRY(check_uuid(source, field->field, literal, err));
	return SU_OK;
}

static bool comparable(enum field_type a, enum field_type b)
{
	return a == b || (is_number(a) && is_number(b));
}

enum su_status expression_type_compare(
	const struct expression_source *source, struct node *node, struct su_error *err)
{
	struct node *left = node->left, *right = node->right;
	node->type = FIELD_BOOL;
	if (is_list(left) || is_list(right))
		return expression_fail(source, is_list(left) ? left->offset : right->offset, err,
			"found a list; lists can only stand to the right of 'in'");
	if (left->untyped && right->untyped)
		return expression_fail(source, right->offset, err,
			"found a label on both sides; a field or a value would fit on one");
	SU_TRY(ask_label(source, left, right->type, err));
	SU_TRY(ask_label(source, right, left->type, err));
	if (!comparable(left->type, right->type))
		return misfit(source, right, fields_type_name(left->type), err);
	if (left->type == FIELD_BOOL && node->op != COMPARE_EQ && node->op != COMPARE_NE)
		return expression_fail(source, left->offset, err,
			"truth values have no order; == and != would fit");
	if (node->op != COMPARE_EQ && node->op != COMPARE_NE)
		return SU_OK;
	SU_TRY(check_value(source, left, right, err));
	return check_value(source, right, left, err);
}

static enum su_status type_in_field(const struct expression_source *source, struct node *left,
	const struct node *list, struct su_error *err)
{
	SU_TRY(ask_label(source, left, FIELD_TEXT, err));
	if (left->type != FIELD_TEXT)
		return misfit(source, left, "a text", err);
	return check_value(source, list, left, err);
}

enum su_status expression_type_in(
	const struct expression_source *source, struct node *node, struct su_error *err)
{
	struct node *left = node->left, *right = node->right;
	node->type = FIELD_BOOL;
	if (!is_list(right))
		return misfit(
			source, right, "a list, such as ['a', 'b'] or device.class_ids,", err);
	if (is_list(left))
		return misfit(source, left, "one value", err);
	if (right->kind != NODE_LIST)
		return type_in_field(source, left, right, err);
	SU_TRY(ask_label(source, left, right->type, err));
	if (!comparable(left->type, right->type))
		return misfit(source, right->items[0], fields_type_name(left->type), err);
	for (size_t i = 0; i < right->n_items; i++)
		SU_TRY(check_value(source, left, right->items[i], err));
	return SU_OK;
}

enum su_status expression_type_list(
	const struct expression_source *source, struct node *node, struct su_error *err)
{
	node->type = node->items[0]->type;
	for (size_t i = 1; i < node->n_items; i++) {
		const struct node *item = node->items[i];
		if (!comparable(node->type, item->type))
			return misfit(source, item, fields_type_name(node->type), err);
		if (item->type == FIELD_DOUBLE)
			node->type = FIELD_DOUBLE;
	}
	/* As a database does: in a list with a number that is no integer, none is. */
	for (size_t i = 0; i < node->n_items && node->type == FIELD_DOUBLE; i++) {
		struct node *item = node->items[i];
		if (item->type == FIELD_INT)
			item->value.real = (double)item->value.integer;
		item->type = item->value.type = FIELD_DOUBLE;
	}
	return SU_OK;
}

static bool is_moment(const struct node *node)
{
	return !node->untyped && !is_list(node) &&
	       (node->type == FIELD_TIME || node->type == FIELD_DURATION);
}

enum su_status expression_type_sum(
	const struct expression_source *source, struct node *node, struct su_error *err)
{
	const struct node *left = node->left, *right = node->right;
	bool subtract = node->kind == NODE_SUBTRACT;
	if (!is_moment(left))
		return misfit(source, left, "a time or a duration", err);
	if (!is_moment(right))
		return misfit(source, right, subtract ? "a time or a duration" : "a duration", err);
	if (left->type == FIELD_TIME && right->type == FIELD_TIME) {
		if (!subtract)
			return misfit(source, right, "a duration", err);
		node->type = FIELD_DURATION;
		return SU_OK;
	}
	if (subtract && left->type == FIELD_DURATION && right->type == FIELD_TIME)
		return misfit(source, right, "a duration", err);
	node->type = left->type == FIELD_TIME ? FIELD_TIME : right->type;
	return SU_OK;
}

enum su_status expression_type_starts_with(
	const struct expression_source *source, struct node *node, struct su_error *err)
{
	node->type = FIELD_BOOL;
	SU_TRY(ask_label(source, node->left, FIELD_TEXT, err));
	if (node->left->type != FIELD_TEXT)
		return misfit(source, node->left, "a text", err);
	return SU_OK;
}
