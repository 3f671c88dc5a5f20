/* SPDX-License-Identifier: Apache-2.0 */
/* { language => { text key => text, component identifier => { text key => text } } } */
#include "suit/manifest_text.h"

#include <ctype.h>

#include "suit/value_cbor.h"

#define LANGUAGES_MAX      64
#define LANGUAGE_MAX_BYTES 64

struct reader {
	struct cbor cursor;
	manifest_text_visit visit;
	void *ctx;
	struct manifest_text now;
};

static const char *const manifest_keys[] = {
	[1] = "manifest-description",
	[2] = "update-description",
	[3] = "json-source",
	[4] = "yaml-source",
};

static const char *const component_keys[] = {
	[1] = "vendor-name",
	[2] = "model-name",
	[3] = "vendor-domain",
	[4] = "model-info",
	[5] = "component-description",
	[6] = "component-version",
	[7] = "version-required",
	[8] = "current-version",
};

static void read_text(struct reader *reader)
{
	reader->now.text = cbor_tstr(&reader->cursor);
	if (cbor_ok(&reader->cursor) && reader->visit)
		reader->visit(reader->ctx, &reader->now);
}

static struct su_span key_since(const struct reader *reader, size_t start)
{
	return su_span_of(reader->cursor.input.data + start, reader->cursor.pos - start);
}

static void read_component(struct reader *reader)
{
	struct su_span last = SU_SPAN_EMPTY;
	for (size_t n = cbor_map(&reader->cursor); n > 0 && cbor_ok(&reader->cursor); n--) {
		size_t start = reader->cursor.pos;
		reader->now.key = cbor_int(&reader->cursor);
		cbor_key_order(&reader->cursor, key_since(reader, start), &last);
		read_text(reader);
	}
}

/* The keys are integers for texts and arrays for components. */
static void read_entry(struct reader *reader, struct su_span *last)
{
	struct cbor *cursor = &reader->cursor;
	size_t start = cursor->pos;
	bool is_component = cbor_peek(cursor) == CBOR_ARRAY;
	reader->now.component = (struct component_id){ SU_SPAN_EMPTY };
	if (is_component)
		reader->now.component = value_cbor_read_component(cursor);
	else
		reader->now.key = cbor_int(cursor);
	cbor_key_order(cursor, key_since(reader, start), last);
	if (is_component)
		read_component(reader);
	else
		read_text(reader);
}

/* RFC 5646: letters, digits and hyphens. */
static bool is_language(struct su_span tag)
{
	if (tag.len == 0 || tag.len > LANGUAGE_MAX_BYTES)
		return false;
	for (size_t i = 0; i < tag.len; i++)
		if (!isalnum(tag.data[i]) && tag.data[i] != '-')
			return false;
	return true;
}

static void read_language(struct reader *reader, struct su_span *last)
{
	struct cbor *cursor = &reader->cursor;
	size_t start = cursor->pos;
	struct su_span language = cbor_tstr(cursor);
	cbor_key_order(cursor, key_since(reader, start), last);
	if (cbor_ok(cursor) && !is_language(language))
		cbor_fail(cursor, SU_INVALID,
			"a language tag is 1 to %d letters, digits or hyphens", LANGUAGE_MAX_BYTES);
	reader->now.language = language;
	struct su_span last_entry = SU_SPAN_EMPTY;
	for (size_t n = cbor_map(cursor); n > 0 && cbor_ok(cursor); n--)
		read_entry(reader, &last_entry);
}

const char *manifest_text_key_name(const struct manifest_text *text)
{
	bool about_component = text->component.encoded.len > 0;
	int64_t n = about_component ? sizeof(component_keys) / sizeof(component_keys[0])
				    : sizeof(manifest_keys) / sizeof(manifest_keys[0]);
	if (text->key < 1 || text->key >= n)
		return NULL;
	return about_component ? component_keys[text->key] : manifest_keys[text->key];
}

enum su_status manifest_text_read(
	struct su_span content, manifest_text_visit visit, void *ctx, struct su_error *err)
{
	struct reader reader = { .cursor = cbor_open(content, true), .visit = visit, .ctx = ctx };
	struct su_span last = SU_SPAN_EMPTY;
	size_t n = cbor_map(&reader.cursor);
	if (cbor_ok(&reader.cursor) && (n == 0 || n > LANGUAGES_MAX))
		cbor_fail(&reader.cursor, SU_INVALID, "there are 1 to %d languages, not %zu",
			LANGUAGES_MAX, n);
	for (; n > 0 && cbor_ok(&reader.cursor); n--)
		read_language(&reader, &last);
	return cbor_done(&reader.cursor, err);
}
