/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the envelope's map, then its authentication wrapper, then the manifest, whose bytes are
 * hashed before any of them is interpreted.
 */
#include "suit/envelope.h"

#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "suit/hash.h"
#include "suit/old_draft.h"
#include "suit/value_cbor.h"

#define BARE_MANIFEST_TAG 1070
#define OLD_DRAFT_TAG     48
#define MAX_SEVERED       8

enum envelope_key { KEY_WRAPPER = 2, KEY_MANIFEST = 3 };

struct severed {
	enum manifest_key key;
	struct su_span content;
};

struct decoder {
	struct su_arena *arena;
	struct envelope *out;
	bool inspect;
	bool has_wrapper, has_manifest;
	struct su_span wrapper;
	size_t n_severed;
	struct severed severed[MAX_SEVERED];
};

static bool is_old_key(int64_t key)
{
	return (key >= MANIFEST_VALIDATE && key <= MANIFEST_INVOKE) || manifest_key_old_name(key);
}

/* Members that only older drafts severed are evidence; any other unknown key is just unknown. */
static void refuse_key(struct cbor *cursor, int64_t key)
{
	if (is_old_key(key))
		cbor_fail(cursor, SU_UNSUPPORTED, OLD_DRAFT_TEXT "envelope key %" PRId64, key);
	else
		cbor_fail(cursor, SU_INVALID, "unknown envelope key %" PRId64, key);
}

static void read_member(struct decoder *decoder, struct cbor *cursor, int64_t key)
{
	bool severable = manifest_key_is_severable(key);
	if (key != KEY_WRAPPER && key != KEY_MANIFEST && !severable) {
		refuse_key(cursor, key);
		return;
	}
	struct su_span content = cbor_bstr(cursor);
	if (!cbor_ok(cursor))
		return;
	if (key == KEY_WRAPPER) {
		decoder->wrapper = content;
		decoder->has_wrapper = true;
	} else if (key == KEY_MANIFEST) {
		decoder->out->manifest_content = content;
		decoder->has_manifest = true;
	} else {
		decoder->severed[decoder->n_severed++] =
			(struct severed){ (enum manifest_key)key, content };
	}
}

static void read_integrated(struct decoder *decoder, struct cbor *cursor, struct su_span key)
{
	struct envelope *out = decoder->out;
	struct su_span content = cbor_bstr(cursor);
	if (cbor_ok(cursor) && out->n_integrated == ENVELOPE_MAX_INTEGRATED)
		cbor_fail(cursor, SU_TOO_LARGE, "there are more than %d integrated payloads",
			ENVELOPE_MAX_INTEGRATED);
	if (!cbor_ok(cursor))
		return;
	if (!out->integrated)
		out->integrated = su_arena_array(
			decoder->arena, ENVELOPE_MAX_INTEGRATED, sizeof(*out->integrated));
	out->integrated[out->n_integrated++] =
		(struct integrated_payload){ su_arena_strndup(decoder->arena, key.data, key.len),
			content };
}

/* Keys are integers for members and texts for integrated payloads. */
static void read_entry(struct decoder *decoder, struct cbor *cursor, struct su_span *last)
{
	size_t start = cursor->pos;
	struct su_span uri = SU_SPAN_EMPTY;
	int64_t key = 0;
	bool is_integrated = cbor_peek(cursor) == CBOR_TSTR;
	if (is_integrated)
		uri = value_cbor_read_uri(cursor);
	else
		key = cbor_int(cursor);
	cbor_key_order(cursor, su_span_of(cursor->input.data + start, cursor->pos - start), last);
	if (!cbor_ok(cursor))
		return;
	if (is_integrated)
		read_integrated(decoder, cursor, uri);
	else
		read_member(decoder, cursor, key);
}

static void read_tag(struct envelope *out, struct cbor *cursor)
{
	out->tagged = cbor_peek(cursor) == CBOR_TAG;
	uint64_t tag = out->tagged ? cbor_tag(cursor) : ENVELOPE_TAG;
	if (!cbor_ok(cursor) || tag == ENVELOPE_TAG)
		return;
	if (tag == OLD_DRAFT_TAG)
		cbor_fail(cursor, SU_UNSUPPORTED, OLD_DRAFT_TEXT "tag %d", OLD_DRAFT_TAG);
	else if (tag == BARE_MANIFEST_TAG)
		cbor_fail(cursor, SU_INVALID, "a manifest without its envelope (tag %d)",
			BARE_MANIFEST_TAG);
	else
		cbor_fail(cursor, SU_INVALID, "tag %" PRIu64 " is not that of an envelope, %d", tag,
			ENVELOPE_TAG);
}

static enum su_status read_map(struct decoder *decoder, struct su_error *err)
{
	struct cbor cursor = cbor_open(decoder->out->input, true);
	struct su_span last = SU_SPAN_EMPTY;
	read_tag(decoder->out, &cursor);
	for (size_t n = cbor_map(&cursor); n > 0 && cbor_ok(&cursor); n--)
		read_entry(decoder, &cursor, &last);
	SU_TRY(cbor_done(&cursor, err));
	if (!decoder->has_wrapper)
		return su_fail(err, SU_INVALID, "authentication-wrapper",
			"the envelope has no authentication wrapper");
	if (!decoder->has_manifest)
		return su_fail(err, SU_INVALID, "manifest", "the envelope has no manifest");
	return SU_OK;
}

static void read_wrapper_digest(struct envelope *out, struct cbor *cursor)
{
	out->digest_encoded = cbor_bstr(cursor);
	if (!cbor_ok(cursor))
		return;
	struct cbor inner = cbor_open(out->digest_encoded, true);
	if (cbor_peek(&inner) == CBOR_TAG)
		cbor_fail(&inner, SU_UNSUPPORTED,
			OLD_DRAFT_TEXT "an authentication wrapper without a digest");
	value_cbor_read_digest(&inner, &out->manifest_digest);
	value_cbor_adopt(cursor, &inner, "manifest digest");
}

static void read_block(struct decoder *decoder, struct cbor *cursor, struct cose *out)
{
	static const struct cose_options options = { .strict = true };
	struct su_error err;
	struct su_span block = cbor_bstr(cursor);
	if (!cbor_ok(cursor))
		return;
	if (cose_decode(decoder->arena, block, &options, out, &err) != SU_OK)
		cbor_fail(cursor, err.status, "%s", err.text);
	else if (!out->detached)
		cbor_fail(cursor, SU_INVALID,
			"the digest is attached to the signature, as only older drafts did");
}

static void read_blocks(struct decoder *decoder, struct cbor *cursor, size_t n)
{
	struct envelope *out = decoder->out;
	size_t n_signatures = 0;
	if (n > ENVELOPE_MAX_SIGNATURES) {
		cbor_fail(cursor, SU_TOO_LARGE, "%zu authentication blocks are more than %d", n,
			ENVELOPE_MAX_SIGNATURES);
		return;
	}
	out->blocks = su_arena_array(decoder->arena, n, sizeof(*out->blocks));
	for (size_t i = 0; i < n && cbor_ok(cursor); i++) {
		read_block(decoder, cursor, &out->blocks[i]);
		n_signatures += out->blocks[i].n_signatures;
	}
	if (n_signatures > ENVELOPE_MAX_SIGNATURES)
		cbor_fail(cursor, SU_TOO_LARGE, "%zu signatures are more than %d", n_signatures,
			ENVELOPE_MAX_SIGNATURES);
	out->n_blocks = n;
}

static enum su_status read_wrapper(struct decoder *decoder, struct su_error *err)
{
	struct cbor cursor = cbor_open(decoder->wrapper, true);
	size_t n = cbor_array(&cursor);
	if (cbor_ok(&cursor) && n == 0)
		cbor_fail(&cursor, SU_INVALID, "there is no digest");
	read_wrapper_digest(decoder->out, &cursor);
	if (cbor_ok(&cursor))
		read_blocks(decoder, &cursor, n - 1);
	enum su_status status = cbor_done(&cursor, err);
	if (status != SU_OK)
		su_error_within(err, "authentication-wrapper");
	return status;
}

static enum su_status check_manifest_digest(struct decoder *decoder, struct su_error *err)
{
	struct envelope *out = decoder->out;
	struct digest actual = { 0 };
	enum su_status status =
		hash_compute_bstr(out->manifest_digest.alg, out->manifest_content, &actual, err);
	out->manifest_digest_matches =
		status == SU_OK && digest_equal(&actual, &out->manifest_digest);
	if (out->manifest_digest_matches || decoder->inspect)
		return SU_OK;
	if (status != SU_OK)
		return status;
	return su_fail(err, SU_UNAUTHENTIC, "manifest",
		"the manifest does not have the digest in the authentication wrapper");
}

static enum su_status attach_severed(struct decoder *decoder, struct su_error *err)
{
	struct manifest *manifest = &decoder->out->manifest;
	for (size_t i = 0; i < decoder->n_severed; i++) {
		enum manifest_key key = decoder->severed[i].key;
		enum su_status status = manifest_attach(
			decoder->arena, manifest, key, decoder->severed[i].content, err);
		const struct manifest_member *member = manifest_member(manifest, key);
		bool differs = member && member->severed && !member->matches;
		if (status != SU_OK && !(decoder->inspect && differs))
			return status;
	}
	return SU_OK;
}

static enum su_status decode(struct decoder *decoder, struct su_error *err)
{
	struct envelope *out = decoder->out;
	SU_TRY(read_map(decoder, err));
	SU_TRY(read_wrapper(decoder, err));
	SU_TRY(check_manifest_digest(decoder, err));
	enum su_status status =
		manifest_decode(decoder->arena, out->manifest_content, &out->manifest, err);
	if (status == SU_OK)
		status = attach_severed(decoder, err);
	if (status != SU_OK)
		su_error_within(err, "manifest");
	return status;
}

enum su_status envelope_decode(struct su_arena *arena, struct su_span input,
	const struct envelope_options *options, struct envelope *out, struct su_error *err)
{
	struct decoder decoder = { .arena = arena, .out = out, .inspect = options->inspect };
	*out = (struct envelope){ .input = input };
	enum su_status status = decode(&decoder, err);
	/*
	 * Drafts up to suit-manifest-13 had no tag. That an envelope is old says more than that
	 * its tag is missing, so the latter is looked at last.
	 */
	if (status != SU_UNSUPPORTED && !out->tagged && !options->allow_untagged)
		return su_fail(err, SU_INVALID, "", "the envelope does not begin with tag %d",
			ENVELOPE_TAG);
	return status;
}

static bool is_for_people(struct su_span key_encoded)
{
	struct cbor cursor = cbor_open(key_encoded, true);
	if (cbor_peek(&cursor) != CBOR_UINT)
		return false;
	uint64_t key = cbor_uint(&cursor);
	return key == MANIFEST_TEXT || key == MANIFEST_COSWID;
}

void envelope_sever(const struct envelope *envelope, struct su_buf *out)
{
	struct cbor cursor = cbor_open(envelope->input, true);
	struct su_buf kept su_auto(su_buf_free) = { 0 };
	size_t n_kept = 0;
	if (envelope->tagged)
		cbor_put_tag(out, cbor_tag(&cursor));
	for (size_t n = cbor_map(&cursor); n > 0 && cbor_ok(&cursor); n--) {
		struct su_span key = cbor_item(&cursor);
		struct su_span value = cbor_item(&cursor);
		if (is_for_people(key))
			continue;
		su_buf_append_span(&kept, key);
		su_buf_append_span(&kept, value);
		n_kept++;
	}
	cbor_put_map(out, n_kept);
	su_buf_append_span(out, su_buf_span(&kept));
}

const struct integrated_payload *envelope_payload(const struct envelope *envelope, const char *uri)
{
	for (size_t i = 0; i < envelope->n_integrated; i++)
		if (strcmp(envelope->integrated[i].key, uri) == 0)
			return &envelope->integrated[i];
	return NULL;
}
