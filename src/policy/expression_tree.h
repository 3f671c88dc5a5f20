/* SPDX-License-Identifier: Apache-2.0 */
/* A parsed expression as a tree of typed nodes; only the files expression_*.c know it. */
#pragma once

#include "policy/expression.h"

enum node_kind {
	NODE_LITERAL,
	NODE_LIST,  /* of literals of one type */
	NODE_FIELD, /* also a label */
	NODE_HAS,   /* left is the field */
	NODE_NOT,
	NODE_AND,
	NODE_OR,
	NODE_COMPARE,
	NODE_IN,
	NODE_STARTS_WITH,
	NODE_ADD,
	NODE_SUBTRACT,
};

enum compare_op { COMPARE_EQ, COMPARE_NE, COMPARE_LT, COMPARE_LE, COMPARE_GT, COMPARE_GE };

struct node {
	enum node_kind kind;
	enum field_type type; /* of a list: of its elements */
	size_t offset;        /* of its first byte in the text */
	bool untyped;         /* a label that nothing has asked a type of yet */
	enum compare_op op;
	const struct field *field; /* NODE_FIELD; NULL: a label */
	const char *label;
	struct field_value value; /* NODE_LITERAL */
	struct node *left, *right;
	size_t n_items;
	struct node **items; /* NODE_LIST */
};

struct expression {
	const char *text;
	const struct node *root;
};

/* Where faults are told: the text, and what its place is called. */
struct expression_source {
	const char *name, *text;
};
enum su_status expression_fail(const struct expression_source *source, size_t offset,
	struct su_error *err, const char *fmt, ...) SU_PRINTF(4, 5);

/* expression_types.c: what fits together. Each sets the type of node, whose operands are complete. */
enum su_status expression_type_bool(const struct expression_source *source, struct node *node,
	struct su_error *err) SU_MUST_CHECK;
enum su_status expression_type_compare(const struct expression_source *source, struct node *node,
	struct su_error *err) SU_MUST_CHECK;
enum su_status expression_type_in(const struct expression_source *source, struct node *node,
	struct su_error *err) SU_MUST_CHECK;
enum su_status expression_type_sum(const struct expression_source *source, struct node *node,
	struct su_error *err) SU_MUST_CHECK;
enum su_status expression_type_list(const struct expression_source *source, struct node *node,
	struct su_error *err) SU_MUST_CHECK;
enum su_status expression_type_starts_with(const struct expression_source *source,
	struct node *node, struct su_error *err) SU_MUST_CHECK;

/* Told each fact that an evaluation looks at. */
struct expression_trace {
	void (*on_fact)(void *arg, const struct node *fact, const struct field_value *value);
	void *arg;
};
/* Boolean; unknown when it is neither true nor false. trace may be NULL. */
struct field_value expression_evaluate(const struct expression *expression,
	const struct facts *facts, struct su_arena *arena, const struct expression_trace *trace);
