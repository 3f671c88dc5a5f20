/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of a problem may carry bytes of the request: they are escaped as RFC 8259 section 7 wants. */
#include "server/http_problem.h"

#include <string.h>

#include "base/utf8.h"

#define MAX_ESCAPE_BYTES 6 /* of one byte: backslash, u, four digits */
#define FRAME_BYTES      128

static char *put(char *at, const char *text)
{
	size_t len = strlen(text);
	memcpy(at, text, len);
	return at + len;
}

static char *put_escaped(char *at, unsigned char byte)
{
	static const char digits[] = "0123456789abcdef";
	*at++ = '\\';
	if (byte == '"' || byte == '\\') {
		*at++ = (char)byte;
		return at;
	}
	at = put(at, "u00");
	*at++ = digits[byte >> 4];
	*at++ = digits[byte & 15];
	return at;
}

static char *put_string(char *at, const char *text)
{
	*at++ = '"';
	if (!su_utf8_is_valid(su_span_str(text)))
		text = "";
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;
		if (byte < ' ' || byte == '"' || byte == '\\')
			at = put_escaped(at, byte);
		else
			*at++ = *text;
	}
	*at++ = '"';
	return at;
}

static char *put_status(char *at, unsigned status)
{
	*at++ = (char)('0' + status / 100 % 10);
	*at++ = (char)('0' + status / 10 % 10);
	*at++ = (char)('0' + status % 10);
	return at;
}

struct su_span http_problem_write(struct su_arena *arena, const struct http_problem *problem)
{
	size_t n_bytes = strlen(problem->title) + strlen(problem->detail) + strlen(problem->field);
	char *text = su_arena_alloc(arena, FRAME_BYTES + n_bytes * MAX_ESCAPE_BYTES);
	char *at = put(text, "{\"type\":\"about:blank\",\"title\":");
	at = put_string(at, problem->title);
	at = put(at, ",\"status\":");
	at = put_status(at, problem->status);
	at = put(at, ",\"detail\":");
	at = put_string(at, problem->detail);
	if (problem->field[0]) {
		at = put(at, ",\"field\":");
		at = put_string(at, problem->field);
	}
	*at++ = '}';
	return su_span_of(text, (size_t)(at - text));
}
