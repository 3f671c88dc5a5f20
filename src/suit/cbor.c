/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing CBOR: heads, UTF-8, skipping with bounds, and the shortest form. */
#include "suit/cbor.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/utf8.h"

enum { INFO_ONE_BYTE = 24, INFO_EIGHT_BYTES = 27, INFO_INDEFINITE = 31 };
enum { SIMPLE_FALSE = 20, SIMPLE_TRUE, SIMPLE_NULL, SIMPLE_UNDEFINED };

struct head {
	enum cbor_type type;
	unsigned info;
	uint64_t value;
	size_t end; /* where the content, or the next item, begins */
};

static const char *const type_names[] = {
	[CBOR_UINT] = "an unsigned integer",
	[CBOR_NINT] = "a negative integer",
	[CBOR_BSTR] = "a byte string",
	[CBOR_TSTR] = "a text string",
	[CBOR_ARRAY] = "an array",
	[CBOR_MAP] = "a map",
	[CBOR_TAG] = "a tag",
	[CBOR_SIMPLE] = "a simple value",
	[CBOR_END] = "the end of the input",
};

static void fail_text(struct cbor *cursor, size_t pos, enum su_status status, const char *fmt,
	va_list args) SU_PRINTF(4, 0);
static void fail_at(struct cbor *cursor, size_t pos, enum su_status status, const char *fmt, ...)
	SU_PRINTF(4, 5);

static void fail_text(
	struct cbor *cursor, size_t pos, enum su_status status, const char *fmt, va_list args)
{
	char text[sizeof(cursor->error.text)];
	char field[32];

	if (cursor->error.status != SU_OK)
		return;
	vsnprintf(text, sizeof(text), fmt, args);
	snprintf(field, sizeof(field), "%zu", pos);
	(void)su_fail(&cursor->error, status, field, "%s", text);
}

static void fail_at(struct cbor *cursor, size_t pos, enum su_status status, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fail_text(cursor, pos, status, fmt, args);
	va_end(args);
}

static size_t bytes_left(const struct cbor *cursor)
{
	return cursor->input.len - cursor->pos;
}

/* Reads the argument that follows the initial byte in 1, 2, 4 or 8 bytes. */
static bool read_argument(struct cbor *cursor, struct head *head)
{
	size_t n = (size_t)1 << (head->info - INFO_ONE_BYTE);

	if (n > bytes_left(cursor) - 1) {
		fail_at(cursor, cursor->pos, SU_INVALID, "the input ends inside an item's head");
		return false;
	}
	for (size_t i = 1; i <= n; i++)
		head->value = head->value << 8 | cursor->input.data[cursor->pos + i];
	head->end = cursor->pos + 1 + n;
	/* Floats carry bits, not a number, in this place. */
	if (!cursor->strict || head->type == CBOR_SIMPLE)
		return true;
	uint64_t least = n == 1 ? INFO_ONE_BYTE : (uint64_t)1 << (4 * n);
	if (head->value < least) {
		fail_at(cursor, cursor->pos, SU_INVALID,
			"the number %" PRIu64 " is not in its shortest form", head->value);
		return false;
	}
	return true;
}

/* Reads a head without moving the cursor, so that an error names the start of its item. */
static bool read_head(struct cbor *cursor, struct head *head)
{
	if (!cbor_ok(cursor))
		return false;
	if (bytes_left(cursor) == 0) {
		fail_at(cursor, cursor->pos, SU_INVALID,
			"the input ends where an item is expected");
		return false;
	}
	uint8_t initial = cursor->input.data[cursor->pos];
	*head = (struct head){ .type = (enum cbor_type)(initial >> 5), .info = initial & 0x1f };
	head->value = head->info;
	head->end = cursor->pos + 1;
	if (head->info < INFO_ONE_BYTE)
		return true;
	head->value = 0;
	if (head->info <= INFO_EIGHT_BYTES)
		return read_argument(cursor, head);
	fail_at(cursor, cursor->pos, SU_INVALID,
		head->info == INFO_INDEFINITE ? "indefinite lengths are not allowed"
					      : "a head with a reserved length");
	return false;
}

static bool expect_head(struct cbor *cursor, enum cbor_type type, struct head *head)
{
	if (!read_head(cursor, head))
		return false;
	if (head->type == type)
		return true;
	fail_at(cursor, cursor->pos, SU_INVALID, "expected %s, found %s", type_names[type],
		type_names[head->type]);
	return false;
}

/* Whether a claimed length or count can be true; each unit takes at least min_bytes. */
static bool check_count(struct cbor *cursor, const struct head *head, size_t min_bytes)
{
	if (head->value <= (cursor->input.len - head->end) / min_bytes)
		return true;
	fail_at(cursor, cursor->pos, SU_INVALID,
		"%s claims a length of %" PRIu64 ", but only %zu bytes follow",
		type_names[head->type], head->value, cursor->input.len - head->end);
	return false;
}

/* Takes the content of a string whose head was read, moving the cursor behind it. */
static struct su_span take_string(struct cbor *cursor, const struct head *head)
{
	if (!check_count(cursor, head, 1))
		return SU_SPAN_EMPTY;
	struct su_span content = su_span_of(cursor->input.data + head->end, (size_t)head->value);
	if (head->type == CBOR_TSTR && !su_utf8_is_valid(content)) {
		fail_at(cursor, cursor->pos, SU_INVALID, "the text is not valid UTF-8");
		return SU_SPAN_EMPTY;
	}
	cursor->pos = head->end + content.len;
	return content;
}

static void skip_item(struct cbor *cursor, unsigned depth);

static void skip_simple(struct cbor *cursor, const struct head *head)
{
	bool is_float = head->info > INFO_ONE_BYTE;

	if (is_float && cursor->strict)
		fail_at(cursor, cursor->pos, SU_INVALID, "floating-point numbers are not allowed");
	else if (!is_float && (head->info < SIMPLE_FALSE || head->info > SIMPLE_UNDEFINED))
		fail_at(cursor, cursor->pos, SU_INVALID,
			"the simple value %" PRIu64 " is unassigned", head->value);
	else
		cursor->pos = head->end;
}

static void skip_array(struct cbor *cursor, unsigned depth)
{
	for (size_t n = cbor_array(cursor); n > 0 && cbor_ok(cursor); n--)
		skip_item(cursor, depth + 1);
}

static void skip_map(struct cbor *cursor, unsigned depth)
{
	struct su_span last = SU_SPAN_EMPTY;

	for (size_t n = cbor_map(cursor); n > 0 && cbor_ok(cursor); n--) {
		size_t start = cursor->pos;
		skip_item(cursor, depth + 1);
		if (cursor->strict && !cursor->any_key_order)
			cbor_key_order(cursor,
				su_span_of(cursor->input.data + start, cursor->pos - start), &last);
		skip_item(cursor, depth + 1);
	}
}

static void skip_item(struct cbor *cursor, unsigned depth)
{
	struct head head;

	if (!read_head(cursor, &head))
		return;
	if (depth >= CBOR_MAX_DEPTH) {
		fail_at(cursor, cursor->pos, SU_INVALID, "nested deeper than %d levels",
			CBOR_MAX_DEPTH);
		return;
	}
	switch (head.type) {
	case CBOR_UINT:
	case CBOR_NINT:
		cursor->pos = head.end;
		break;
	case CBOR_BSTR:
	case CBOR_TSTR:
		take_string(cursor, &head);
		break;
	case CBOR_ARRAY:
		skip_array(cursor, depth);
		break;
	case CBOR_MAP:
		skip_map(cursor, depth);
		break;
	case CBOR_TAG:
		cursor->pos = head.end;
		skip_item(cursor, depth + 1);
		break;
	case CBOR_SIMPLE:
		skip_simple(cursor, &head);
		break;
	case CBOR_END:
		break;
	}
}

static void put_head(struct su_buf *out, enum cbor_type type, uint64_t value)
{
	unsigned major = (unsigned)type << 5;
	unsigned size_log2 = value <= UINT8_MAX    ? 0
			     : value <= UINT16_MAX ? 1
			     : value <= UINT32_MAX ? 2
						   : 3;

	if (value < INFO_ONE_BYTE) {
		su_buf_append_byte(out, (uint8_t)(major | value));
		return;
	}
	su_buf_append_byte(out, (uint8_t)(major | (INFO_ONE_BYTE + size_log2)));
	for (int shift = (8 << size_log2) - 8; shift >= 0; shift -= 8)
		su_buf_append_byte(out, (uint8_t)(value >> shift));
}

struct cbor cbor_open(struct su_span input, bool strict)
{
	return (struct cbor){ .input = input, .strict = strict };
}

enum cbor_type cbor_peek(const struct cbor *cursor)
{
	if (!cbor_ok(cursor) || bytes_left(cursor) == 0)
		return CBOR_END;
	return (enum cbor_type)(cursor->input.data[cursor->pos] >> 5);
}

bool cbor_ok(const struct cbor *cursor)
{
	return cursor->error.status == SU_OK;
}

uint64_t cbor_uint(struct cbor *cursor)
{
	struct head head;

	if (!expect_head(cursor, CBOR_UINT, &head))
		return 0;
	cursor->pos = head.end;
	return head.value;
}

int64_t cbor_int(struct cbor *cursor)
{
	struct head head;

	if (cbor_peek(cursor) != CBOR_NINT) {
		if (!expect_head(cursor, CBOR_UINT, &head))
			return 0;
	} else if (!read_head(cursor, &head)) {
		return 0;
	}
	if (head.value > INT64_MAX) {
		fail_at(cursor, cursor->pos, SU_INVALID, "the integer does not fit 64 bits");
		return 0;
	}
	cursor->pos = head.end;
	return head.type == CBOR_NINT ? -1 - (int64_t)head.value : (int64_t)head.value;
}

bool cbor_bool(struct cbor *cursor)
{
	struct head head;

	if (!expect_head(cursor, CBOR_SIMPLE, &head))
		return false;
	if (head.info != SIMPLE_FALSE && head.info != SIMPLE_TRUE) {
		fail_at(cursor, cursor->pos, SU_INVALID, "expected true or false");
		return false;
	}
	cursor->pos = head.end;
	return head.info == SIMPLE_TRUE;
}

void cbor_null(struct cbor *cursor)
{
	struct head head;

	if (!expect_head(cursor, CBOR_SIMPLE, &head))
		return;
	if (head.info != SIMPLE_NULL) {
		fail_at(cursor, cursor->pos, SU_INVALID, "expected null");
		return;
	}
	cursor->pos = head.end;
}

struct su_span cbor_bstr(struct cbor *cursor)
{
	struct head head;

	if (!expect_head(cursor, CBOR_BSTR, &head))
		return SU_SPAN_EMPTY;
	return take_string(cursor, &head);
}

struct su_span cbor_tstr(struct cbor *cursor)
{
	struct head head;

	if (!expect_head(cursor, CBOR_TSTR, &head))
		return SU_SPAN_EMPTY;
	return take_string(cursor, &head);
}

uint64_t cbor_tag(struct cbor *cursor)
{
	struct head head;

	if (!expect_head(cursor, CBOR_TAG, &head))
		return 0;
	cursor->pos = head.end;
	return head.value;
}

size_t cbor_array(struct cbor *cursor)
{
	struct head head;

	if (!expect_head(cursor, CBOR_ARRAY, &head) || !check_count(cursor, &head, 1))
		return 0;
	cursor->pos = head.end;
	return (size_t)head.value;
}

size_t cbor_map(struct cbor *cursor)
{
	struct head head;

	if (!expect_head(cursor, CBOR_MAP, &head) || !check_count(cursor, &head, 2))
		return 0;
	cursor->pos = head.end;
	return (size_t)head.value;
}

struct su_span cbor_item(struct cbor *cursor)
{
	size_t start = cursor->pos;

	skip_item(cursor, 0);
	if (!cbor_ok(cursor))
		return SU_SPAN_EMPTY;
	return su_span_of(cursor->input.data + start, cursor->pos - start);
}

void cbor_key_order(struct cbor *cursor, struct su_span key_encoded, struct su_span *last)
{
	int order = last->len == 0 ? 1 : su_span_compare(key_encoded, *last);

	if (!cbor_ok(cursor))
		return;
	if (order <= 0)
		fail_at(cursor, cursor->pos - key_encoded.len, SU_INVALID, "%s",
			order == 0 ? "a map has the same key twice"
				   : "the keys of a map are not in ascending order");
	*last = key_encoded;
}

void cbor_fail(struct cbor *cursor, enum su_status status, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fail_text(cursor, cursor->pos, status, fmt, args);
	va_end(args);
}

enum su_status cbor_done(const struct cbor *cursor, struct su_error *err)
{
	char field[32];

	if (!cbor_ok(cursor))
		return su_fail(
			err, cursor->error.status, cursor->error.field, "%s", cursor->error.text);
	if (bytes_left(cursor) == 0)
		return SU_OK;
	snprintf(field, sizeof(field), "%zu", cursor->pos);
	return su_fail(
		err, SU_INVALID, field, "%zu bytes follow the last item", bytes_left(cursor));
}

void cbor_put_uint(struct su_buf *out, uint64_t value)
{
	put_head(out, CBOR_UINT, value);
}

void cbor_put_int(struct su_buf *out, int64_t value)
{
	if (value < 0)
		put_head(out, CBOR_NINT, (uint64_t)(-1 - value));
	else
		put_head(out, CBOR_UINT, (uint64_t)value);
}

void cbor_put_bool(struct su_buf *out, bool value)
{
	put_head(out, CBOR_SIMPLE, value ? SIMPLE_TRUE : SIMPLE_FALSE);
}

void cbor_put_null(struct su_buf *out)
{
	put_head(out, CBOR_SIMPLE, SIMPLE_NULL);
}

void cbor_put_bstr(struct su_buf *out, struct su_span bytes)
{
	put_head(out, CBOR_BSTR, bytes.len);
	su_buf_append_span(out, bytes);
}

void cbor_put_bstr_head(struct su_buf *out, size_t len)
{
	put_head(out, CBOR_BSTR, len);
}

void cbor_put_tstr(struct su_buf *out, const char *text)
{
	cbor_put_text(out, su_span_str(text));
}

void cbor_put_text(struct su_buf *out, struct su_span text)
{
	put_head(out, CBOR_TSTR, text.len);
	su_buf_append_span(out, text);
}

void cbor_put_array(struct su_buf *out, size_t items)
{
	put_head(out, CBOR_ARRAY, items);
}

void cbor_put_map(struct su_buf *out, size_t pairs)
{
	put_head(out, CBOR_MAP, pairs);
}

void cbor_put_tag(struct su_buf *out, uint64_t tag)
{
	put_head(out, CBOR_TAG, tag);
}
