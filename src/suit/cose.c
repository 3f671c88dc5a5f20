/* SPDX-License-Identifier: Apache-2.0 */
/* Decodes COSE messages, and builds the bytes that are signed (RFC 9052 sections 3, 4 and 6). */
#include "suit/cose.h"

#include <inttypes.h>

#include "base/memory.h"
#include "suit/cbor.h"
#include "suit/signature.h"

enum { HEADER_ALG = 1, HEADER_CRIT = 2, HEADER_CONTENT_TYPE = 3, HEADER_KID = 4 };
enum { MAX_HEADERS = 16, ALG_DIRECT = -6, TAG_ENCRYPT0 = 16, TAG_ENCRYPT = 96 };

static const struct alg_row {
	int64_t alg;
	const char *name;
	bool supported;
	enum key_type key_type;
} algs[] = {
	{ COSE_HMAC_256, "HMAC-256", true, KEY_HMAC },
	{ COSE_ES256, "ES256", true, KEY_P256 },
	{ COSE_EDDSA, "EdDSA", true, KEY_ED25519 },
	{ COSE_ESP256, "ESP256", true, KEY_P256 },
	{ COSE_ED25519, "Ed25519", true, KEY_ED25519 },
	{ COSE_ES384, "ES384", true, KEY_P384 },
	{ COSE_ES512, "ES512", true, KEY_P521 },
	{ COSE_ESP384, "ESP384", true, KEY_P384 },
	{ COSE_ESP512, "ESP512", true, KEY_P521 },
	{ COSE_HSS_LMS, "HSS-LMS", false, KEY_HMAC },
};

/* What the two header maps of one layer say. */
struct headers {
	struct su_span protected_bytes;
	bool has_alg, alg_is_integer, alg_is_unprotected;
	int64_t alg;
	struct su_span kid;
	size_t n_labels;
	struct su_span labels[MAX_HEADERS]; /* encoded */
};

static const struct alg_row *find_alg(int64_t alg)
{
	for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++)
		if (algs[i].alg == alg)
			return &algs[i];
	return NULL;
}

static bool is_mac(enum cose_tag tag)
{
	return tag == COSE_MAC0 || tag == COSE_MAC;
}

static const char *context_of(enum cose_tag tag)
{
	switch (tag) {
	case COSE_MAC0:
		return "MAC0";
	case COSE_MAC:
		return "MAC";
	case COSE_SIGN1:
		return "Signature1";
	case COSE_SIGN:
		return "Signature";
	}
	return "";
}

/* No label may occur twice in a layer, whether in one map or in both (RFC 9052 section 3). */
static void note_label(struct cbor *cursor, struct headers *headers, struct su_span label)
{
	for (size_t i = 0; i < headers->n_labels; i++)
		if (su_span_equal(headers->labels[i], label))
			cbor_fail(cursor, SU_INVALID, "a COSE header comes twice");
	if (headers->n_labels == MAX_HEADERS)
		cbor_fail(cursor, SU_TOO_LARGE, "more than %d COSE headers", MAX_HEADERS);
	else
		headers->labels[headers->n_labels++] = label;
}

/* We act on these labels or may ignore them; any other critical one must stop us. */
static void read_critical(struct cbor *cursor, bool is_protected)
{
	size_t n = cbor_array(cursor);

	if (cbor_ok(cursor) && !is_protected)
		cbor_fail(cursor, SU_INVALID,
			"critical headers are listed in the protected header only");
	else if (cbor_ok(cursor) && n == 0)
		cbor_fail(cursor, SU_INVALID, "the list of critical headers is empty");
	for (; n > 0 && cbor_ok(cursor); n--) {
		int64_t label = 0;
		if (cbor_peek(cursor) == CBOR_TSTR)
			(void)cbor_tstr(cursor);
		else
			label = cbor_int(cursor);
		if (label < HEADER_ALG || label > HEADER_KID)
			cbor_fail(
				cursor, SU_UNSUPPORTED, "a critical COSE header is not supported");
	}
}

static void read_alg(struct cbor *cursor, bool is_protected, struct headers *headers)
{
	enum cbor_type type = cbor_peek(cursor);

	headers->has_alg = true;
	headers->alg_is_unprotected = !is_protected;
	headers->alg_is_integer = type == CBOR_UINT || type == CBOR_NINT;
	if (headers->alg_is_integer)
		headers->alg = cbor_int(cursor);
	else
		(void)cbor_tstr(cursor);
}

static void read_header(struct cbor *cursor, bool is_protected, struct headers *headers)
{
	size_t start = cursor->pos;
	int64_t label = 0;

	if (cbor_peek(cursor) == CBOR_TSTR)
		(void)cbor_tstr(cursor);
	else
		label = cbor_int(cursor);
	note_label(cursor, headers, su_span_of(cursor->input.data + start, cursor->pos - start));
	switch (label) {
	case HEADER_ALG:
		read_alg(cursor, is_protected, headers);
		break;
	case HEADER_CRIT:
		read_critical(cursor, is_protected);
		break;
	case HEADER_KID:
		headers->kid = cbor_bstr(cursor);
		break;
	default:
		(void)cbor_item(cursor);
	}
}

/* The protected map in its byte string, then the unprotected map. */
static void read_headers(struct cbor *cursor, struct headers *headers)
{
	struct su_error err;

	*headers = (struct headers){ 0 };
	struct cbor inner = cbor_open(cbor_bstr(cursor), cursor->strict);
	inner.any_key_order = true;
	if (inner.input.len > 0) {
		size_t n = cbor_map(&inner);
		/* An empty map is signed as if it were an empty string. */
		if (n > 0)
			headers->protected_bytes = inner.input;
		for (; n > 0 && cbor_ok(&inner); n--)
			read_header(&inner, true, headers);
		if (cbor_done(&inner, &err) != SU_OK)
			cbor_fail(cursor, err.status, "in the protected header: %s", err.text);
	}
	for (size_t n = cbor_map(cursor); n > 0 && cbor_ok(cursor); n--)
		read_header(cursor, false, headers);
}

static void fill_signature(const struct headers *headers, const struct cose_options *options,
	struct su_span bytes, struct cose_signature *out)
{
	*out = (struct cose_signature){
		.has_alg = headers->alg_is_integer &&
			   (!headers->alg_is_unprotected || options->allow_unprotected_alg),
		.alg_is_unprotected = headers->alg_is_unprotected,
		.alg = headers->alg,
		.protected_header = headers->protected_bytes,
		.kid = headers->kid,
		.signature = bytes,
	};
}

static void expect_items(struct cbor *cursor, size_t wanted, const char *what)
{
	size_t found = cbor_array(cursor);

	if (cbor_ok(cursor) && found != wanted)
		cbor_fail(cursor, SU_INVALID, "%s has %zu items, not %zu", what, found, wanted);
}

/* How many signatures or recipients follow: at least one. */
static size_t read_count(struct cbor *cursor, const char *what)
{
	size_t n = cbor_array(cursor);

	if (cbor_ok(cursor) && n == 0)
		cbor_fail(cursor, SU_INVALID, "the list of %s is empty", what);
	if (n > COSE_MAX_SIGNATURES)
		cbor_fail(cursor, SU_TOO_LARGE, "more than %d %s", COSE_MAX_SIGNATURES, what);
	return cbor_ok(cursor) ? n : 0;
}

static void read_signers(struct cbor *cursor, struct su_arena *arena,
	const struct cose_options *options, struct cose *out)
{
	struct headers headers;

	out->n_signatures = read_count(cursor, "signatures");
	out->signatures = su_arena_array(arena, out->n_signatures, sizeof(struct cose_signature));
	for (size_t i = 0; i < out->n_signatures && cbor_ok(cursor); i++) {
		expect_items(cursor, 3, "a COSE_Signature");
		read_headers(cursor, &headers);
		fill_signature(&headers, options, cbor_bstr(cursor), &out->signatures[i]);
	}
}

/* Recipients within recipients are for key wrapping, which no direct key uses. */
static void read_recipients(struct cbor *cursor, struct cose *out)
{
	struct headers headers;

	out->n_recipients = read_count(cursor, "recipients");
	for (size_t i = 0; i < out->n_recipients && cbor_ok(cursor); i++) {
		size_t items = cbor_array(cursor);
		if (cbor_ok(cursor) && items != 3 && items != 4)
			cbor_fail(cursor, SU_INVALID, "a COSE_recipient has %zu items", items);
		read_headers(cursor, &headers);
		struct su_span ciphertext = cbor_item(cursor);
		if (items == 4)
			(void)cbor_item(cursor);
		if (!headers.alg_is_integer || headers.alg != ALG_DIRECT)
			continue;
		out->has_direct_recipient = true;
		if (out->n_recipients != 1 || headers.protected_bytes.len > 0 || items != 3 ||
			!su_span_equal_str(ciphertext, "\x40"))
			cbor_fail(cursor, SU_INVALID,
				"a direct recipient stands alone and carries nothing");
	}
}

static void read_tag(struct cbor *cursor, const struct cose_options *options, struct cose *out)
{
	if (cbor_peek(cursor) != CBOR_TAG) {
		out->tag = options->untagged_as;
		if (!options->allow_untagged)
			cbor_fail(cursor, SU_INVALID, "a COSE message must be tagged");
		return;
	}
	size_t start = cursor->pos;
	uint64_t tag = cbor_tag(cursor);
	out->tag = (enum cose_tag)tag;
	if (!cbor_ok(cursor) || tag == COSE_MAC0 || tag == COSE_SIGN1 || tag == COSE_MAC ||
		tag == COSE_SIGN)
		return;
	cursor->pos = start;
	if (tag == TAG_ENCRYPT0 || tag == TAG_ENCRYPT)
		cbor_fail(cursor, SU_UNSUPPORTED, "encrypted COSE messages are not supported");
	else
		cbor_fail(cursor, SU_INVALID,
			"the tag %" PRIu64 " is none of COSE_Sign1 (18), "
			"COSE_Sign (98), COSE_Mac0 (17) and COSE_Mac (97)",
			tag);
}

static void read_message(struct cbor *cursor, struct su_arena *arena,
	const struct cose_options *options, struct cose *out)
{
	struct headers headers;

	read_tag(cursor, options, out);
	expect_items(cursor, out->tag == COSE_MAC ? 5 : 4, cose_tag_name(out->tag));
	read_headers(cursor, &headers);
	out->body_protected = headers.protected_bytes;
	out->detached = cbor_peek(cursor) == CBOR_SIMPLE;
	if (out->detached)
		cbor_null(cursor);
	else
		out->payload = cbor_bstr(cursor);
	if (out->tag == COSE_SIGN) {
		read_signers(cursor, arena, options, out);
		return;
	}
	out->n_signatures = 1;
	out->signatures = su_arena_new_of(arena, struct cose_signature);
	fill_signature(&headers, options, cbor_bstr(cursor), out->signatures);
	if (out->tag == COSE_MAC)
		read_recipients(cursor, out);
}

/* Sig_structure or MAC_structure: the bytes that are signed. */
static void build_signed_bytes(const struct cose *cose, const struct cose_signature *signature,
	struct su_span payload, struct su_span external_aad, struct su_buf *out)
{
	bool two_layers = cose->tag == COSE_SIGN;

	cbor_put_array(out, two_layers ? 5 : 4);
	cbor_put_tstr(out, context_of(cose->tag));
	cbor_put_bstr(out, cose->body_protected);
	if (two_layers)
		cbor_put_bstr(out, signature->protected_header);
	cbor_put_bstr(out, external_aad);
	cbor_put_bstr(out, payload);
}

/* Whether this algorithm can stand in this structure and be computed with this key. */
static enum su_status check_alg(const struct cose *cose, const struct cose_signature *signature,
	const struct key *key, struct su_error *err)
{
	if (!signature->has_alg && signature->alg_is_unprotected)
		return su_fail(
			err, SU_INVALID, "alg", "the algorithm must stand in the protected header");
	if (!signature->has_alg)
		return su_fail(err, SU_UNSUPPORTED, "alg", "no algorithm is given by number");
	const struct alg_row *row = find_alg(signature->alg);
	if (!row || !row->supported)
		return su_fail(err, SU_UNSUPPORTED, "alg",
			"the algorithm %" PRId64 " (%s) is not supported", signature->alg,
			row ? row->name : "unknown");
	if (is_mac(cose->tag) != (row->key_type == KEY_HMAC))
		return su_fail(err, SU_INVALID, "alg", "%s cannot use the algorithm %s",
			cose_tag_name(cose->tag), row->name);
	if (row->key_type != key_type_of(key))
		return su_fail(err, SU_INVALID, "alg",
			"the algorithm %s does not go with a key of type %s", row->name,
			key_type_name(key_type_of(key)));
	if (cose->tag == COSE_MAC && !cose->has_direct_recipient)
		return su_fail(err, SU_UNSUPPORTED, "recipients",
			"a MAC key for recipients other than direct is not supported");
	return SU_OK;
}

const char *cose_alg_name(int64_t alg)
{
	const struct alg_row *row = find_alg(alg);

	return row ? row->name : NULL;
}

const char *cose_tag_name(enum cose_tag tag)
{
	switch (tag) {
	case COSE_MAC0:
		return "COSE_Mac0";
	case COSE_SIGN1:
		return "COSE_Sign1";
	case COSE_MAC:
		return "COSE_Mac";
	case COSE_SIGN:
		return "COSE_Sign";
	}
	return "COSE";
}

enum su_status cose_decode(struct su_arena *arena, struct su_span input,
	const struct cose_options *options, struct cose *out, struct su_error *err)
{
	struct cbor cursor = cbor_open(input, options->strict);

	cursor.any_key_order = true;
	*out = (struct cose){ 0 };
	read_message(&cursor, arena, options, out);
	return cbor_done(&cursor, err);
}

enum su_status cose_verify(const struct cose *cose, const struct cose_signature *signature,
	struct su_span payload, struct su_span external_aad, const struct key *key,
	struct su_error *err)
{
	struct su_buf message su_auto(su_buf_free) = { 0 };

	SU_TRY(check_alg(cose, signature, key, err));
	build_signed_bytes(cose, signature, payload, external_aad, &message);
	return signature_verify(key, su_buf_span(&message), signature->signature, err);
}

enum su_status cose_sign(const struct key *key, enum cose_alg alg, struct su_span payload,
	bool detached, struct su_span kid, struct su_buf *out, struct su_error *err)
{
	struct su_buf protected_header su_auto(su_buf_free) = { 0 };
	struct su_buf message su_auto(su_buf_free) = { 0 };
	struct su_buf bytes su_auto(su_buf_free) = { 0 };
	struct cose_signature signature = { .has_alg = true, .alg = alg };
	struct cose cose = { .tag = key_type_of(key) == KEY_HMAC ? COSE_MAC0 : COSE_SIGN1 };

	SU_TRY(check_alg(&cose, &signature, key, err));
	cbor_put_map(&protected_header, 1);
	cbor_put_int(&protected_header, HEADER_ALG);
	cbor_put_int(&protected_header, alg);
	cose.body_protected = su_buf_span(&protected_header);
	build_signed_bytes(&cose, &signature, payload, SU_SPAN_EMPTY, &message);
	SU_TRY(signature_make(key, su_buf_span(&message), &bytes, err));

	cbor_put_tag(out, cose.tag);
	cbor_put_array(out, 4);
	cbor_put_bstr(out, cose.body_protected);
	cbor_put_map(out, kid.len > 0);
	if (kid.len > 0) {
		cbor_put_int(out, HEADER_KID);
		cbor_put_bstr(out, kid);
	}
	if (detached)
		cbor_put_null(out);
	else
		cbor_put_bstr(out, payload);
	cbor_put_bstr(out, su_buf_span(&bytes));
	return SU_OK;
}

enum cose_alg cose_alg_for(const struct key *key)
{
	switch (key_type_of(key)) {
	case KEY_P256:
		return COSE_ESP256;
	case KEY_P384:
		return COSE_ESP384;
	case KEY_P521:
		return COSE_ESP512;
	case KEY_ED25519:
		return COSE_ED25519;
	case KEY_HMAC:
		break;
	}
	return COSE_HMAC_256;
}
