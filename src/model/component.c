/* SPDX-License-Identifier: Apache-2.0 */
/* Checks and shows component identifiers without the CBOR layer, which stands above this one. */
#include "model/component.h"

#include <string.h>

#include "base/hex.h"
#include "base/memory.h"

#define CBOR_BYTES        0x40
#define CBOR_ARRAY        0x80
#define CBOR_ONE_BYTE_LEN 24 /* RFC 8949 section 3: from here on the length has a byte of its own */

bool component_id_equal(struct component_id a, struct component_id b)
{
	return su_span_equal(a.encoded, b.encoded);
}

/* Takes one byte string from the front of *rest. */
static enum su_status take_segment(
	struct su_span *rest, struct su_span *segment_out, struct su_error *err)
{
	if (rest->len == 0)
		return su_fail(err, SU_INVALID, "", "component identifier is cut short");
	size_t head_len = 1;
	size_t len = (size_t)rest->data[0] - CBOR_BYTES;
	if (rest->data[0] < CBOR_BYTES || len > CBOR_ONE_BYTE_LEN)
		return su_fail(err, SU_INVALID, "",
			"component identifier segments must be byte strings of definite length");
	if (len == CBOR_ONE_BYTE_LEN) {
		if (rest->len < 2)
			return su_fail(err, SU_INVALID, "", "component identifier is cut short");
		head_len = 2;
		len = rest->data[1];
		if (len < CBOR_ONE_BYTE_LEN)
			return su_fail(err, SU_INVALID, "",
				"component identifier has a length in a form longer than needed");
	}
	if (rest->len - head_len < len)
		return su_fail(err, SU_INVALID, "", "component identifier is cut short");
	*segment_out = su_span_of(rest->data + head_len, len);
	*rest = su_span_of(rest->data + head_len + len, rest->len - head_len - len);
	return SU_OK;
}

enum su_status component_id_check(struct su_span encoded, struct su_error *err)
{
	if (encoded.len > COMPONENT_MAX_BYTES)
		return su_fail(err, SU_INVALID, "", "component identifier exceeds %d bytes",
			COMPONENT_MAX_BYTES);
	if (encoded.len == 0 || encoded.data[0] <= CBOR_ARRAY ||
		encoded.data[0] > CBOR_ARRAY + COMPONENT_MAX_SEGMENTS)
		return su_fail(err, SU_INVALID, "",
			"component identifier must be an array of 1 to %d byte strings",
			COMPONENT_MAX_SEGMENTS);
	size_t n_segments = encoded.data[0] - CBOR_ARRAY;
	struct su_span rest = su_span_of(encoded.data + 1, encoded.len - 1);
	for (size_t i = 0; i < n_segments; i++) {
		struct su_span segment;
		SU_TRY(take_segment(&rest, &segment, err));
	}
	if (rest.len > 0)
		return su_fail(err, SU_INVALID, "", "component identifier has bytes after its end");
	return SU_OK;
}

static bool is_text_byte(uint8_t byte)
{
	return byte >= ' ' && byte <= '~' && byte != '\'' && byte != '\\';
}

static void format_segment(struct su_buf *text, struct su_span segment)
{
	bool plain = segment.len > 0;
	for (size_t i = 0; i < segment.len; i++)
		plain = plain && is_text_byte(segment.data[i]);
	su_buf_printf(text, plain ? "'" : "h'");
	for (size_t i = 0; i < segment.len; i++)
		su_buf_printf(text, plain ? "%c" : "%02x", segment.data[i]);
	su_buf_append_byte(text, '\'');
}

char *component_id_format(struct su_arena *arena, struct component_id id)
{
	struct su_buf text = { 0 };
	struct su_span rest = id.encoded.len ? su_span_of(id.encoded.data + 1, id.encoded.len - 1)
					     : SU_SPAN_EMPTY;
	const char *separator = "[";
	struct su_span segment;
	while (rest.len > 0 && take_segment(&rest, &segment, NULL) == SU_OK) {
		su_buf_printf(&text, "%s", separator);
		format_segment(&text, segment);
		separator = ", ";
	}
	su_buf_append_byte(&text, ']');
	char *copy = su_arena_strndup(arena, text.data, text.len);
	su_buf_free(&text);
	return copy;
}

static void skip_spaces(const char **at)
{
	while (**at == ' ')
		(*at)++;
}

/* 'text' or h'hex', whose bytes go to out. */
static enum su_status parse_segment(
	const char **at, uint8_t *out, size_t *len_out, struct su_error *err)
{
	bool is_hex = **at == 'h';
	const char *start = *at + is_hex;
	if (*start++ != '\'')
		return su_fail(err, SU_INVALID, "",
			"a component identifier is written like ['boot', h'01']");
	const char *end = strchr(start, '\'');
	if (!end)
		return su_fail(err, SU_INVALID, "", "component identifier lacks a closing quote");
	struct su_span inner = su_span_of(start, (size_t)(end - start));
	*at = end + 1;
	if (is_hex)
		return su_hex_decode(inner, out, COMPONENT_MAX_BYTES, len_out, err);
	if (inner.len > COMPONENT_MAX_BYTES)
		return su_fail(err, SU_INVALID, "", "component identifier exceeds %d bytes",
			COMPONENT_MAX_BYTES);
	for (size_t i = 0; i < inner.len; i++)
		if (!is_text_byte(inner.data[i]))
			return su_fail(err, SU_INVALID, "",
				"component identifier text must be printable ASCII without "
				"backslash: write other bytes as h'..'");
	memcpy(out, inner.data, inner.len);
	*len_out = inner.len;
	return SU_OK;
}

static void encode_segment(struct su_buf *encoded, const uint8_t *bytes, size_t len)
{
	if (len < CBOR_ONE_BYTE_LEN) {
		su_buf_append_byte(encoded, (uint8_t)(CBOR_BYTES + len));
	} else {
		su_buf_append_byte(encoded, CBOR_BYTES + CBOR_ONE_BYTE_LEN);
		su_buf_append_byte(encoded, (uint8_t)len);
	}
	su_buf_append(encoded, bytes, len);
}

/* The segments and what stands between and behind them; encoded begins with the head of the array. */
static enum su_status parse_segments(const char *at, struct su_buf *encoded, struct su_error *err)
{
	do {
		uint8_t bytes[COMPONENT_MAX_BYTES];
		size_t len;
		at++;
		skip_spaces(&at);
		SU_TRY(parse_segment(&at, bytes, &len, err));
		if (encoded->data[0] == CBOR_ARRAY + COMPONENT_MAX_SEGMENTS)
			return su_fail(err, SU_INVALID, "",
				"component identifier has more than %d segments",
				COMPONENT_MAX_SEGMENTS);
		/* Which also keeps every length below 256, as encode_segment needs it. */
		size_t head_len = len < CBOR_ONE_BYTE_LEN ? 1 : 2;
		if (encoded->len + head_len + len > COMPONENT_MAX_BYTES)
			return su_fail(err, SU_INVALID, "", "component identifier exceeds %d bytes",
				COMPONENT_MAX_BYTES);
		encoded->data[0]++;
		encode_segment(encoded, bytes, len);
		skip_spaces(&at);
	} while (*at == ',');
	if (*at++ != ']')
		return su_fail(err, SU_INVALID, "", "component identifier lacks its ']'");
	skip_spaces(&at);
	if (*at != '\0')
		return su_fail(err, SU_INVALID, "", "component identifier has text after its ']'");
	return SU_OK;
}

enum su_status component_id_parse(
	struct su_arena *arena, const char *text, struct component_id *out, struct su_error *err)
{
	struct su_buf encoded su_auto(su_buf_free) = { 0 };
	if (!text)
		text = "";
	skip_spaces(&text);
	if (*text != '[')
		return su_fail(err, SU_INVALID, "",
			"a component identifier is written like ['boot', h'01']");
	su_buf_append_byte(&encoded, CBOR_ARRAY);
	SU_TRY(parse_segments(text, &encoded, err));
	out->encoded = su_arena_copy(arena, su_buf_span(&encoded));
	return SU_OK;
}
