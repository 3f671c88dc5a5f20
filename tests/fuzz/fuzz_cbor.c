/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CBOR: skipping an item and reading it piece by piece must end at the same byte, and what strict
 * reading accepts must come out of the writers byte for byte.
 */
#include "base/memory.h"
#include "fuzz_check.h"
#include "suit/cbor.h"

static void copy_item(struct cbor *cursor, struct su_buf *out, unsigned depth);

static void copy_items(struct cbor *cursor, struct su_buf *out, size_t n, unsigned depth)
{
	for (; n > 0 && cbor_ok(cursor); n--)
		copy_item(cursor, out, depth + 1);
}

static void copy_map(struct cbor *cursor, struct su_buf *out, unsigned depth)
{
	struct su_span last = SU_SPAN_EMPTY;
	size_t n = cbor_map(cursor);

	cbor_put_map(out, n);
	for (; n > 0 && cbor_ok(cursor); n--) {
		size_t start = cursor->pos;
		copy_item(cursor, out, depth + 1);
		if (cursor->strict)
			cbor_key_order(cursor,
				su_span_of(cursor->input.data + start, cursor->pos - start), &last);
		copy_item(cursor, out, depth + 1);
	}
}

static void copy_integer(struct cbor *cursor, struct su_buf *out)
{
	struct cbor ahead = *cursor;
	int64_t value = cbor_int(&ahead);

	if (cbor_ok(&ahead)) {
		*cursor = ahead;
		cbor_put_int(out, value);
	} else if (cbor_peek(cursor) == CBOR_UINT) {
		cbor_put_uint(out, cbor_uint(cursor));
	} else {
		su_buf_append_span(out, cbor_item(cursor));
	}
}

static void copy_simple(struct cbor *cursor, struct su_buf *out)
{
	struct cbor ahead = *cursor;
	bool value = cbor_bool(&ahead);

	if (cbor_ok(&ahead)) {
		*cursor = ahead;
		cbor_put_bool(out, value);
		return;
	}
	ahead = *cursor;
	cbor_null(&ahead);
	if (cbor_ok(&ahead)) {
		*cursor = ahead;
		cbor_put_null(out);
		return;
	}
	su_buf_append_span(out, cbor_item(cursor));
}

static void copy_item(struct cbor *cursor, struct su_buf *out, unsigned depth)
{
	if (depth >= CBOR_MAX_DEPTH)
		cbor_fail(cursor, SU_INVALID, "nested too deep");
	switch (cbor_peek(cursor)) {
	case CBOR_UINT:
	case CBOR_NINT:
		copy_integer(cursor, out);
		break;
	case CBOR_BSTR:
		cbor_put_bstr(out, cbor_bstr(cursor));
		break;
	case CBOR_TSTR:
		cbor_put_text(out, cbor_tstr(cursor));
		break;
	case CBOR_ARRAY: {
		size_t n = cbor_array(cursor);
		cbor_put_array(out, n);
		copy_items(cursor, out, n, depth);
		break;
	}
	case CBOR_MAP:
		copy_map(cursor, out, depth);
		break;
	case CBOR_TAG:
		cbor_put_tag(out, cbor_tag(cursor));
		copy_items(cursor, out, 1, depth);
		break;
	case CBOR_SIMPLE:
		copy_simple(cursor, out);
		break;
	case CBOR_END:
		(void)cbor_uint(cursor); /* fails: an item is missing */
		break;
	}
}

static void try_mode(struct su_span input, bool strict)
{
	struct su_buf out su_auto(su_buf_free) = { 0 };
	struct cbor skipping = cbor_open(input, strict);
	struct cbor copying = cbor_open(input, strict);
	struct su_error err = { 0 };

	struct su_span item = cbor_item(&skipping);
	copy_item(&copying, &out, 0);
	require(cbor_ok(&skipping) == cbor_ok(&copying));
	require_told(cbor_done(&skipping, &err), &err);
	if (!cbor_ok(&skipping))
		return;
	require_inside(item, input);
	require(skipping.pos == copying.pos && item.len == skipping.pos);
	if (strict)
		require(su_span_equal(item, su_buf_span(&out)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_mode(su_span_of(data, size), true);
	try_mode(su_span_of(data, size), false);
	return 0;
}
