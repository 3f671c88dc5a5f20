/* SPDX-License-Identifier: Apache-2.0 */
/* Digests, versions, component identifiers and URIs, with the limits that keep them harmless. */
#include "suit/value_cbor.h"

#include <inttypes.h>
#include <string.h>

#include "suit/old_draft.h"

/* SHA-256 in the private numbering of the drafts up to suit-manifest-12. */
#define OLD_DRAFT_SHA256 2

static void take_digest_bytes(struct cbor *cursor, int64_t alg, struct digest *out)
{
	struct su_span bytes = cbor_bstr(cursor);
	if (!cbor_ok(cursor))
		return;
	size_t wanted = digest_alg_len((enum digest_alg)alg);
	if (bytes.len != wanted) {
		cbor_fail(cursor, SU_INVALID, "a %s digest has %zu bytes, not %zu",
			digest_alg_name((enum digest_alg)alg), wanted, bytes.len);
		return;
	}
	out->alg = (enum digest_alg)alg;
	out->len = (uint8_t)bytes.len;
	memcpy(out->bytes, bytes.data, bytes.len);
}

static bool digest_alg_is_known(int64_t alg)
{
	return alg >= INT32_MIN && alg <= INT32_MAX && digest_alg_len((enum digest_alg)alg) > 0;
}

void value_cbor_adopt(struct cbor *outer, const struct cbor *inner, const char *what)
{
	struct su_error err;
	if (cbor_done(inner, &err) == SU_OK)
		return;
	if (what)
		su_error_prefix(&err, "%s", what);
	cbor_fail(outer, err.status, "%s", err.text);
}

void value_cbor_read_digest(struct cbor *cursor, struct digest *out)
{
	*out = (struct digest){ 0 };
	size_t items = cbor_array(cursor);
	if (cbor_ok(cursor) && items != 2) {
		cbor_fail(cursor, SU_INVALID, "a digest has 2 items, not %zu", items);
		return;
	}
	int64_t alg = cbor_int(cursor);
	if (!cbor_ok(cursor))
		return;
	if (alg == OLD_DRAFT_SHA256)
		cbor_fail(cursor, SU_UNSUPPORTED, OLD_DRAFT_TEXT "digest algorithm 2 for SHA-256");
	else if (!digest_alg_is_known(alg))
		cbor_fail(cursor, SU_UNSUPPORTED, "unknown digest algorithm %" PRId64, alg);
	else
		take_digest_bytes(cursor, alg, out);
}

void value_cbor_put_digest(struct su_buf *out, const struct digest *digest)
{
	cbor_put_array(out, 2);
	cbor_put_int(out, digest->alg);
	cbor_put_bstr(out, digest_span(digest));
}

void value_cbor_read_version(struct cbor *cursor, struct version *out)
{
	*out = (struct version){ 0 };
	size_t parts = cbor_array(cursor);
	if (!cbor_ok(cursor))
		return;
	if (parts == 0 || parts > VERSION_MAX_PARTS) {
		cbor_fail(cursor, SU_INVALID, "a version has 1 to %d parts, not %zu",
			VERSION_MAX_PARTS, parts);
		return;
	}
	for (size_t i = 0; i < parts; i++)
		out->parts[i] = cbor_int(cursor);
	if (cbor_ok(cursor))
		out->n_parts = (unsigned)parts;
}

void value_cbor_put_version(struct su_buf *out, const struct version *version)
{
	cbor_put_array(out, version->n_parts);
	for (unsigned i = 0; i < version->n_parts; i++)
		cbor_put_int(out, version->parts[i]);
}

struct component_id value_cbor_read_component(struct cbor *cursor)
{
	struct component_id id = { cbor_item(cursor) };
	struct su_error err;
	if (cbor_ok(cursor) && component_id_check(id.encoded, &err) != SU_OK)
		cbor_fail(cursor, err.status, "%s", err.text);
	return id;
}

struct su_span value_cbor_read_uri(struct cbor *cursor)
{
	struct su_span uri = cbor_tstr(cursor);
	if (!cbor_ok(cursor))
		return uri;
	if (uri.len == 0 || uri.len > URI_MAX_BYTES) {
		cbor_fail(cursor, SU_INVALID, "a URI has 1 to %d bytes, not %zu", URI_MAX_BYTES,
			uri.len);
		return uri;
	}
	for (size_t i = 0; i < uri.len; i++)
		if (uri.data[i] <= ' ' || uri.data[i] > '~') {
			cbor_fail(cursor, SU_INVALID, "a URI cannot hold the byte 0x%02x",
				uri.data[i]);
			break;
		}
	return uri;
}
