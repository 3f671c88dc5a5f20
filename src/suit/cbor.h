/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CBOR (RFC 8949) as SUIT needs it: a bounds-checked cursor that never copies, knows the position
 * of every item and insists on the deterministic form where asked; and a writer that only produces
 * that form. A tree decoder would lose the byte positions and encodings that digests and reports
 * are made of.
 *
 * Indefinite lengths (RFC 8949 section 3.2) are refused everywhere, with a text that says so: SUIT
 * forbids them, and devices that report to us know the length of what they send.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "base/status.h"

enum cbor_type {
	CBOR_UINT,
	CBOR_NINT,
	CBOR_BSTR,
	CBOR_TSTR,
	CBOR_ARRAY,
	CBOR_MAP,
	CBOR_TAG,
	CBOR_SIMPLE,
	CBOR_END, /* no item is left */
};

#define CBOR_MAX_DEPTH 24

/*
 * A cursor keeps its first error: later reads do nothing and return zero values, so a parser reads
 * straight through and asks cbor_done once. Depth, lengths and UTF-8 are checked on the way.
 */
struct cbor {
	struct su_span input;
	size_t pos;
	bool strict; /* shortest heads, no floats; cbor_item also wants sorted, unique keys */
	bool any_key_order; /* set after cbor_open: cbor_item takes maps as they come even if strict */
	struct su_error error; /* error.field is the byte offset of the item at fault */
};

struct cbor cbor_open(struct su_span input, bool strict);
enum cbor_type cbor_peek(const struct cbor *cursor); /* CBOR_END after an error, too */
bool cbor_ok(const struct cbor *cursor);

uint64_t cbor_uint(struct cbor *cursor);
int64_t cbor_int(struct cbor *cursor); /* an integer outside int64 is an error */
bool cbor_bool(struct cbor *cursor);
void cbor_null(struct cbor *cursor);
struct su_span cbor_bstr(struct cbor *cursor);
struct su_span cbor_tstr(struct cbor *cursor); /* valid UTF-8 */
uint64_t cbor_tag(struct cbor *cursor);
size_t cbor_array(struct cbor *cursor); /* enters: the number of items that follow */
size_t cbor_map(struct cbor *cursor);   /* enters: the number of pairs that follow */
/*
 * Skips one item of any kind, checking all of it down to CBOR_MAX_DEPTH; returns its bytes, head
 * included. Simple values other than false, true, null and undefined are refused.
 */
struct su_span cbor_item(struct cbor *cursor);

/*
 * Checks that a key read from a map comes after the one before (bytewise order of encodings,
 * RFC 8949 section 4.2.1), hence is no duplicate. Zero-initialise last before the map.
 */
void cbor_key_order(struct cbor *cursor, struct su_span key_encoded, struct su_span *last);

/* Marks the cursor as failed at its present position, with a reason of the caller's. */
void cbor_fail(struct cbor *cursor, enum su_status status, const char *fmt, ...) SU_PRINTF(3, 4);
/* SU_OK when all input is consumed and nothing failed; trailing bytes are an error. */
enum su_status cbor_done(const struct cbor *cursor, struct su_error *err) SU_MUST_CHECK;

/* Writers append the shortest form to out. */
void cbor_put_uint(struct su_buf *out, uint64_t value);
void cbor_put_int(struct su_buf *out, int64_t value);
void cbor_put_bool(struct su_buf *out, bool value);
void cbor_put_null(struct su_buf *out);
void cbor_put_bstr(struct su_buf *out, struct su_span bytes);
void cbor_put_bstr_head(struct su_buf *out, size_t len); /* the caller appends the content */
void cbor_put_tstr(struct su_buf *out, const char *text);
void cbor_put_text(struct su_buf *out, struct su_span text);
void cbor_put_array(struct su_buf *out, size_t items);
void cbor_put_map(struct su_buf *out, size_t pairs);
void cbor_put_tag(struct su_buf *out, uint64_t tag);
