/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts an expression into tokens, and tells faults by column. */
#include "policy/expression_lex.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
#define DIGITS       "0123456789"

/* People count characters, not bytes. */
static size_t column_of(const char *text, size_t offset)
{
	size_t column = 1;
	for (size_t i = 0; i < offset && text[i]; i++)
		column += ((unsigned char)text[i] & 0xc0) != 0x80;
	return column;
}

enum su_status expression_fail(const struct expression_source *source, size_t offset,
	struct su_error *err, const char *fmt, ...)
{
	char text[256], field[96];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	snprintf(field, sizeof(field), "%s:%zu", source->name, column_of(source->text, offset));
	return su_fail(err, SU_INVALID, field, "%s", text);
}

/* Longer signs before their beginnings. */
static const struct {
	const char *sign;
	enum token_kind kind;
} signs[] = {
	{ "==", TOKEN_EQ },
	{ "!=", TOKEN_NE },
	{ "<=", TOKEN_LE },
	{ ">=", TOKEN_GE },
	{ "&&", TOKEN_AND },
	{ "||", TOKEN_OR },
	{ "<", TOKEN_LT },
	{ ">", TOKEN_GT },
	{ "!", TOKEN_NOT },
	{ "+", TOKEN_PLUS },
	{ "-", TOKEN_MINUS },
	{ "(", TOKEN_OPEN },
	{ ")", TOKEN_CLOSE },
	{ "[", TOKEN_OPEN_LIST },
	{ "]", TOKEN_CLOSE_LIST },
	{ ",", TOKEN_COMMA },
};
#define N_SIGNS (sizeof(signs) / sizeof(signs[0]))

static bool take_sign(const char *at, struct token *out)
{
	for (size_t i = 0; i < N_SIGNS; i++) {
		size_t len = strlen(signs[i].sign);
		if (strncmp(at, signs[i].sign, len) != 0)
			continue;
		out->kind = signs[i].kind;
		out->len = len;
		return true;
	}
	return false;
}

static size_t name_len(const char *at)
{
	size_t len = 0;
	for (;;) {
		if (strspn(at + len, NAME_LETTERS) == 0)
			return 0;
		len += strspn(at + len, NAME_LETTERS DIGITS);
		if (at[len] != '.')
			return len;
		len++;
	}
}

/* 12, 1.5, 1.5e-3 */
static size_t number_len(const char *at, enum token_kind *kind_out)
{
	size_t len = strspn(at, DIGITS);
	*kind_out = TOKEN_INT;
	if (at[len] == '.' && strspn(at + len + 1, DIGITS) > 0) {
		*kind_out = TOKEN_DOUBLE;
		len += 1 + strspn(at + len + 1, DIGITS);
	}
	if (at[len] == 'e' || at[len] == 'E') {
		size_t sign = at[len + 1] == '+' || at[len + 1] == '-';
		size_t n = strspn(at + len + 1 + sign, DIGITS);
		if (n > 0) {
			*kind_out = TOKEN_DOUBLE;
			len += 1 + sign + n;
		}
	}
	return len;
}

static enum su_status lex_text(const struct expression_source *source, struct su_arena *arena,
	struct token *out, struct su_error *err)
{
	const char *start = source->text + out->offset;
	const char *at = start + 1;
	char *text = su_arena_alloc(arena, strlen(start));
	size_t len = 0;
	for (; *at != *start; at++) {
		if (*at == '\\') {
			at++;
			if (*at == '\0' || !strchr("\\'\"", *at))
				return expression_fail(source, (size_t)(at - 1 - source->text), err,
					"after a backslash only \\, ' and \" may stand");
		}
		if (*at == '\0')
			return expression_fail(
				source, out->offset, err, "this text has no closing %c", *start);
		text[len++] = *at;
	}
	out->kind = TOKEN_TEXT;
	out->len = (size_t)(at + 1 - start);
	out->text = text;
	return SU_OK;
}

static enum su_status refuse_character(
	const struct expression_source *source, size_t offset, struct su_error *err)
{
	const char *at = source->text + offset;
	uint32_t code_point = 0;
	size_t len = su_utf8_next(su_span_str(at), &code_point);
	if (*at == '=')
		return expression_fail(source, offset, err, "found '='; '==' compares");
	if (*at == '&' || *at == '|')
		return expression_fail(
			source, offset, err, "found '%c'; '%c%c' combines", *at, *at, *at);
	if (len == 0 || !su_utf8_is_printable(code_point))
		return expression_fail(source, offset, err,
			"found a character that cannot be shown; a field, a value or an operator "
			"would fit");
	return expression_fail(source, offset, err,
		"found '%.*s'; a field, a value or an operator would fit", (int)len, at);
}

enum su_status expression_lex(const struct expression_source *source, size_t offset,
	struct su_arena *arena, struct token *out, struct su_error *err)
{
	offset += strspn(source->text + offset, " \t\r\n");
	const char *at = source->text + offset;
	*out = (struct token){ .kind = TOKEN_END, .offset = offset };
	if (*at == '\0')
		return SU_OK;
	if (*at == '\'' || *at == '"')
		return lex_text(source, arena, out, err);
	if (take_sign(at, out))
		return SU_OK;
	out->len = number_len(at, &out->kind);
	if (out->len == 0) {
		out->kind = TOKEN_NAME;
		out->len = name_len(at);
	}
	if (out->len == 0)
		return refuse_character(source, offset, err);
	out->text = su_arena_strndup(arena, at, out->len);
	return SU_OK;
}
