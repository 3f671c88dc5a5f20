/* SPDX-License-Identifier: Apache-2.0 */
/* Reads reports as devices really send them, and writes them as the draft wants them. */
#include "suit/report.h"

#include <inttypes.h>

#include "base/memory.h"
#include "suit/cbor.h"
#include "suit/value_cbor.h"

enum {
	KEY_NONCE = 2,
	KEY_RECORDS = 3,
	KEY_RESULT = 4,
	KEY_RESULT_CODE = 5,
	KEY_RESULT_RECORD = 6,
	KEY_RESULT_REASON = 7,
	KEY_CAPABILITIES = 8,
	KEY_REFERENCE = 99,
};
enum { CLAIM_COMPONENT = 0, FIRST_PRIVATE_PARAMETER = -256, RECORD_ITEMS = 5 };
#define NO_KEY INT64_MIN

static const char *const reason_names[] = {
	[REASON_OK] = "ok",
	[REASON_CBOR_PARSE] = "cbor-parse",
	[REASON_COSE_UNSUPPORTED] = "cose-unsupported",
	[REASON_ALG_UNSUPPORTED] = "algorithm-unsupported",
	[REASON_UNAUTHORISED] = "unauthorised",
	[REASON_COMMAND_UNSUPPORTED] = "command-unsupported",
	[REASON_COMPONENT_UNSUPPORTED] = "component-unsupported",
	[REASON_COMPONENT_UNAUTHORISED] = "component-unauthorised",
	[REASON_PARAMETER_UNSUPPORTED] = "parameter-unsupported",
	[REASON_SEVERING_UNSUPPORTED] = "severing-unsupported",
	[REASON_CONDITION_FAILED] = "condition-failed",
	[REASON_OPERATION_FAILED] = "operation-failed",
	[REASON_INVOKE_PENDING] = "invoke-pending",
};

/* What is passed along while reading. */
struct reader {
	struct cbor cursor;
	struct su_arena *arena;
	struct report *out;
};

/* Keys seen in the map at hand; those that matter are below 100. */
struct seen {
	bool key[KEY_REFERENCE + 1];
};

/* An integer key; any other kind is skipped and becomes NO_KEY. */
static int64_t read_key(struct cbor *cursor)
{
	enum cbor_type type = cbor_peek(cursor);

	if (type == CBOR_UINT || type == CBOR_NINT)
		return cbor_int(cursor);
	(void)cbor_item(cursor);
	return NO_KEY;
}

/* NO_KEY: the key means nothing or came before, and its value is skipped. */
static int64_t next_key(struct reader *reader, struct seen *seen)
{
	int64_t key = read_key(&reader->cursor);

	if (key < 0 || key > KEY_REFERENCE) {
		(void)cbor_item(&reader->cursor);
		return NO_KEY;
	}
	if (seen->key[key]) {
		reader->out->duplicate_keys = true;
		(void)cbor_item(&reader->cursor);
		return NO_KEY;
	}
	seen->key[key] = true;
	return key;
}

static void require(struct reader *reader, const struct seen *seen, int key, const char *what)
{
	if (cbor_ok(&reader->cursor) && !seen->key[key])
		cbor_fail(&reader->cursor, SU_INVALID, "the %s (key %d) is missing", what, key);
}

static struct su_span read_map_item(struct cbor *cursor, const char *what)
{
	if (cbor_ok(cursor) && cbor_peek(cursor) != CBOR_MAP)
		cbor_fail(cursor, SU_INVALID, "the %s must be a map", what);
	return cbor_item(cursor);
}

/* Devices that know no reference-uri give the empty text. */
static void read_reference(struct reader *reader)
{
	struct cbor *cursor = &reader->cursor;
	size_t items = cbor_array(cursor);

	if (cbor_ok(cursor) && items != 2)
		cbor_fail(cursor, SU_INVALID, "the reference has 2 items, not %zu", items);
	struct cbor ahead = *cursor;
	if (cbor_tstr(&ahead).len == 0 && cbor_ok(&ahead))
		(void)cbor_tstr(cursor);
	else
		reader->out->reference_uri = value_cbor_read_uri(cursor);
	value_cbor_read_digest(cursor, &reader->out->manifest_digest);
}

static void read_manifest_id(struct reader *reader, struct report_record *out)
{
	size_t n = cbor_array(&reader->cursor);

	if (n > REPORT_MAX_MANIFEST_ID) {
		cbor_fail(&reader->cursor, SU_TOO_LARGE, "a manifest-id has up to %d items",
			REPORT_MAX_MANIFEST_ID);
		return;
	}
	uint64_t *path = su_arena_array(reader->arena, n, sizeof(*path));
	for (size_t i = 0; i < n; i++)
		path[i] = cbor_uint(&reader->cursor);
	out->manifest_id = path;
	out->n_manifest_id = n;
}

static void read_record(struct reader *reader, struct report_record *out)
{
	struct cbor *cursor = &reader->cursor;
	size_t items = cbor_array(cursor);

	if (cbor_ok(cursor) && items != RECORD_ITEMS)
		cbor_fail(
			cursor, SU_INVALID, "a record has %d items, not %zu", RECORD_ITEMS, items);
	read_manifest_id(reader, out);
	out->section = cbor_int(cursor);
	out->offset = cbor_uint(cursor);
	out->component_index = cbor_uint(cursor);
	out->properties = read_map_item(cursor, "properties of a record");
}

/* One pair as a map of its own, so that order does not matter and the first of two counts. */
static void read_property(struct reader *reader, int64_t key, struct report_claim *out)
{
	struct su_buf map su_auto(su_buf_free) = { 0 };
	struct su_span value = cbor_item(&reader->cursor);
	struct su_error err;

	if (!cbor_ok(&reader->cursor))
		return;
	if (key == NO_KEY || (key > FIRST_PRIVATE_PARAMETER && !parameter_name(key)))
		return;
	if (key >= 0 && parameters_have(&out->properties, (enum parameter_key)key))
		reader->out->duplicate_keys = true;
	cbor_put_map(&map, 1);
	cbor_put_int(&map, key);
	su_buf_append_span(&map, value);
	struct su_span kept = su_arena_copy(reader->arena, su_buf_span(&map));
	if (parameters_decode(kept, false, &out->properties, &err) != SU_OK)
		cbor_fail(&reader->cursor, err.status, "in the claims: %s", err.text);
}

static void read_claim(struct reader *reader, struct report_claim *out)
{
	struct cbor *cursor = &reader->cursor;

	for (size_t n = cbor_map(cursor); n > 0 && cbor_ok(cursor); n--) {
		int64_t key = read_key(cursor);
		if (key != CLAIM_COMPONENT) {
			read_property(reader, key, out);
		} else if (out->component.encoded.len == 0) {
			out->component = value_cbor_read_component(cursor);
		} else {
			reader->out->duplicate_keys = true;
			(void)cbor_item(cursor);
		}
	}
	if (cbor_ok(cursor) && out->component.encoded.len == 0)
		cbor_fail(cursor, SU_INVALID, "claims without a component identifier (key 0)");
}

/* Records and claims come mixed; the first pass counts them. */
static void read_records(struct reader *reader)
{
	struct cbor *cursor = &reader->cursor;
	struct report *out = reader->out;
	size_t n = cbor_array(cursor), n_records = 0, n_claims = 0;

	if (n > REPORT_MAX_RECORDS) {
		cbor_fail(cursor, SU_TOO_LARGE, "more than %d records", REPORT_MAX_RECORDS);
		return;
	}
	struct cbor ahead = *cursor;
	for (size_t i = 0; i < n; i++) {
		n_claims += cbor_peek(&ahead) == CBOR_MAP;
		(void)cbor_item(&ahead);
	}
	/* The second pass must find what was counted, and nesting counts from a deeper start there. */
	if (!cbor_ok(&ahead)) {
		cursor->error = ahead.error;
		return;
	}
	out->claims = su_arena_array(reader->arena, n_claims, sizeof(*out->claims));
	out->records = su_arena_array(reader->arena, n - n_claims, sizeof(*out->records));
	for (size_t i = 0; i < n && cbor_ok(cursor); i++) {
		if (cbor_peek(cursor) == CBOR_MAP)
			read_claim(reader, &out->claims[out->n_claims++]);
		else
			read_record(reader, &out->records[n_records++]);
	}
	out->n_records = n_records;
}

static void read_result(struct reader *reader)
{
	struct cbor *cursor = &reader->cursor;
	struct report *out = reader->out;
	struct seen seen = { 0 };

	if (cbor_peek(cursor) == CBOR_SIMPLE) {
		out->success = cbor_bool(cursor);
		if (cbor_ok(cursor) && !out->success)
			cbor_fail(cursor, SU_INVALID,
				"the result is true, or a map that says why not");
		return;
	}
	for (size_t n = cbor_map(cursor); n > 0 && cbor_ok(cursor); n--) {
		switch (next_key(reader, &seen)) {
		case KEY_RESULT_CODE:
			out->code = cbor_int(cursor);
			break;
		case KEY_RESULT_RECORD:
			out->has_failed_record = true;
			read_record(reader, &out->failed_record);
			break;
		case KEY_RESULT_REASON:
			out->reason = cbor_int(cursor);
			break;
		case NO_KEY:
			break;
		default:
			(void)cbor_item(cursor);
		}
	}
	require(reader, &seen, KEY_RESULT_CODE, "result code");
	require(reader, &seen, KEY_RESULT_REASON, "reason");
}

static void read_member(struct reader *reader, int64_t key)
{
	struct cbor *cursor = &reader->cursor;
	struct report *out = reader->out;

	switch (key) {
	case KEY_REFERENCE:
		read_reference(reader);
		break;
	case KEY_NONCE:
		out->nonce = cbor_bstr(cursor);
		break;
	case KEY_RECORDS:
		read_records(reader);
		break;
	case KEY_RESULT:
		read_result(reader);
		break;
	case KEY_CAPABILITIES:
		out->has_capability_report = true;
		out->capability_report = read_map_item(cursor, "capability report");
		break;
	case NO_KEY:
		break;
	default:
		(void)cbor_item(cursor);
	}
}

/* Takes the payload out of a COSE message, if it is one that a report may travel in. */
static enum su_status take_payload(struct report_container *out, struct su_error *err)
{
	struct cose *cose = &out->cose;

	if (cose->tag != COSE_SIGN1 && cose->tag != COSE_MAC0)
		return su_fail(err, SU_UNSUPPORTED, "",
			"a report travels in COSE_Sign1 or COSE_Mac0, not in %s",
			cose_tag_name(cose->tag));
	if (cose->detached)
		return su_fail(err, SU_INVALID, "", "the report is missing from its %s",
			cose_tag_name(cose->tag));
	out->payload = cose->payload;
	struct cbor inner = cbor_open(cose->payload, false);
	if (cbor_peek(&inner) == CBOR_TAG || cbor_peek(&inner) == CBOR_ARRAY)
		return su_fail(err, SU_UNSUPPORTED, "", "encrypted reports are not supported");
	return SU_OK;
}

static void put_record(struct su_buf *out, const struct report_record *record)
{
	cbor_put_array(out, RECORD_ITEMS);
	cbor_put_array(out, record->n_manifest_id);
	for (size_t i = 0; i < record->n_manifest_id; i++)
		cbor_put_uint(out, record->manifest_id[i]);
	cbor_put_int(out, record->section);
	cbor_put_uint(out, record->offset);
	cbor_put_uint(out, record->component_index);
	if (record->properties.len > 0)
		su_buf_append_span(out, record->properties);
	else
		cbor_put_map(out, 0);
}

/* The map of properties, with the component as its first pair. */
static void put_claim(struct su_buf *out, const struct report_claim *claim)
{
	struct su_buf map su_auto(su_buf_free) = { 0 };

	parameters_put(&map, &claim->properties);
	struct cbor cursor = cbor_open(su_buf_span(&map), true);
	size_t n = cbor_map(&cursor);
	cbor_put_map(out, n + 1);
	cbor_put_int(out, CLAIM_COMPONENT);
	su_buf_append_span(out, claim->component.encoded);
	su_buf_append(out, map.data + cursor.pos, map.len - cursor.pos);
}

static void put_result(struct su_buf *out, const struct report *report)
{
	if (report->success) {
		cbor_put_bool(out, true);
		return;
	}
	cbor_put_map(out, report->has_failed_record ? 3 : 2);
	cbor_put_int(out, KEY_RESULT_CODE);
	cbor_put_int(out, report->code);
	if (report->has_failed_record) {
		cbor_put_int(out, KEY_RESULT_RECORD);
		put_record(out, &report->failed_record);
	}
	cbor_put_int(out, KEY_RESULT_REASON);
	cbor_put_int(out, report->reason);
}

const char *report_reason_name(int64_t reason)
{
	if (reason < 0 || reason > REASON_INVOKE_PENDING)
		return NULL;
	return reason_names[reason];
}

enum su_status report_open(struct su_arena *arena, struct su_span input,
	struct report_container *out, struct su_error *err)
{
	const struct cose_options options = { .allow_untagged = true, .untagged_as = COSE_SIGN1 };
	struct cbor cursor = cbor_open(input, false);

	*out = (struct report_container){ .payload = input };
	switch (cbor_peek(&cursor)) {
	case CBOR_MAP:
		return SU_OK;
	case CBOR_TAG:
	case CBOR_ARRAY:
		break;
	case CBOR_UINT:
	case CBOR_NINT:
	case CBOR_BSTR:
	case CBOR_TSTR:
	case CBOR_SIMPLE:
	case CBOR_END:
		return su_fail(err, SU_INVALID, "", "neither a report nor a COSE message");
	}
	SU_TRY(cose_decode(arena, input, &options, &out->cose, err));
	/* Without a tag, the algorithm alone tells a MAC from a signature. */
	bool untagged = cbor_peek(&cursor) == CBOR_ARRAY;
	if (untagged && out->cose.signatures[0].alg == COSE_HMAC_256)
		out->cose.tag = COSE_MAC0;
	out->signed_or_maced = true;
	return take_payload(out, err);
}

enum su_status report_decode(
	struct su_arena *arena, struct su_span payload, struct report *out, struct su_error *err)
{
	struct reader reader = { .cursor = cbor_open(payload, true), .arena = arena, .out = out };
	struct seen seen = { 0 };

	*out = (struct report){ 0 };
	reader.cursor.any_key_order = true;
	for (size_t n = cbor_map(&reader.cursor); n > 0 && cbor_ok(&reader.cursor); n--)
		read_member(&reader, next_key(&reader, &seen));
	require(&reader, &seen, KEY_REFERENCE, "reference");
	require(&reader, &seen, KEY_RECORDS, "list of records");
	require(&reader, &seen, KEY_RESULT, "result");
	return cbor_done(&reader.cursor, err);
}

void report_encode(const struct report *report, struct su_buf *out)
{
	bool has_nonce = report->nonce.len > 0;

	cbor_put_map(out, 3 + has_nonce + report->has_capability_report);
	if (has_nonce) {
		cbor_put_int(out, KEY_NONCE);
		cbor_put_bstr(out, report->nonce);
	}
	cbor_put_int(out, KEY_RECORDS);
	cbor_put_array(out, report->n_records + report->n_claims);
	for (size_t i = 0; i < report->n_records; i++)
		put_record(out, &report->records[i]);
	for (size_t i = 0; i < report->n_claims; i++)
		put_claim(out, &report->claims[i]);
	cbor_put_int(out, KEY_RESULT);
	put_result(out, report);
	if (report->has_capability_report) {
		cbor_put_int(out, KEY_CAPABILITIES);
		su_buf_append_span(out, report->capability_report);
	}
	cbor_put_int(out, KEY_REFERENCE);
	cbor_put_array(out, 2);
	cbor_put_text(out, report->reference_uri);
	value_cbor_put_digest(out, &report->manifest_digest);
}
