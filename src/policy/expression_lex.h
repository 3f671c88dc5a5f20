/* SPDX-License-Identifier: Apache-2.0 */
/* The words and signs of an expression. */
#pragma once

#include "policy/expression_tree.h"

enum token_kind {
	TOKEN_END,
	TOKEN_INT,
	TOKEN_DOUBLE,
	TOKEN_TEXT,
	TOKEN_NAME, /* with dots: device.model.startsWith */
	TOKEN_EQ,
	TOKEN_NE,
	TOKEN_LT,
	TOKEN_LE,
	TOKEN_GT,
	TOKEN_GE,
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_NOT,
	TOKEN_PLUS,
	TOKEN_MINUS,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_OPEN_LIST,
	TOKEN_CLOSE_LIST,
	TOKEN_COMMA,
};

struct token {
	enum token_kind kind;
	size_t offset, len;
	const char *
		text; /* TOKEN_NAME, TOKEN_TEXT (without quotes and escapes), the digits of a number */
};

/* The token that begins at or after offset. */
enum su_status expression_lex(const struct expression_source *source, size_t offset,
	struct su_arena *arena, struct token *out, struct su_error *err) SU_MUST_CHECK;
