/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The firmware server over HTTP: images and envelopes at /blob/<sha256> and at the paths of
 * manifests' own URIs, sent by sendfile. Opening a file is all that the loop does itself.
 */
#include <inttypes.h>
#include <microhttpd.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "server/http_decode.h"
#include "server/http_handlers.h"
#include "server/http_hold.h"
#include "server/http_range.h"
#include "server/public_paths.h"
#include "store/release_store.h"

#define ETAG_SIZE (2 + 2 * 32 + 1)

static void make_etag(const struct digest *digest, char out[ETAG_SIZE])
{
	out[0] = '"';
	su_hex_encode(digest_span(digest), out + 1);
	strcpy(out + 1 + 2 * 32, "\"");
}

static void send_file(struct http_call *call, const char *etag, int fd, uint64_t size)
{
	struct http_range range;
	const char *if_range = http_call_header(call, MHD_HTTP_HEADER_IF_RANGE);
	switch (http_range_parse(
		http_call_header(call, MHD_HTTP_HEADER_RANGE), if_range, etag, size, &range)) {
	case HTTP_RANGE_WHOLE:
		http_reply_file_take(call, MHD_HTTP_OK, fd, 0, size);
		return;
	case HTTP_RANGE_PART:
		http_reply_file_take(call, MHD_HTTP_PARTIAL_CONTENT, fd, range.offset, range.len);
		http_reply_header(call, MHD_HTTP_HEADER_CONTENT_RANGE,
			"bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, range.offset,
			range.offset + range.len - 1, size);
		return;
	case HTTP_RANGE_UNSATISFIABLE:
		close(fd);
		http_reply_header(call, MHD_HTTP_HEADER_CONTENT_RANGE, "bytes */%" PRIu64, size);
		http_reply_problem(call, MHD_HTTP_RANGE_NOT_SATISFIABLE,
			"the file has %" PRIu64 " bytes", size);
		return;
	}
}

static enum su_status serve(
	struct http_call *call, const struct digest *digest, bool immutable, struct su_error *err)
{
	char etag[ETAG_SIZE];
	uint64_t size;
	int fd;
	SU_TRY(blob_open_fd(call->env->blobs, digest, &fd, &size, err));
	make_etag(digest, etag);
	http_reply_header(call, MHD_HTTP_HEADER_ETAG, "%s", etag);
	http_reply_header(call, MHD_HTTP_HEADER_ACCEPT_RANGES, "bytes");
	http_reply_header(call, MHD_HTTP_HEADER_CACHE_CONTROL, "%s",
		immutable ? "public, max-age=31536000, immutable" : "public, no-cache");
	if (http_range_etag_listed(http_call_header(call, MHD_HTTP_HEADER_IF_NONE_MATCH), etag)) {
		close(fd);
		http_reply_empty(call, MHD_HTTP_NOT_MODIFIED);
	} else {
		send_file(call, etag, fd, size);
	}
	return SU_OK;
}

static void serve_on_loop(struct http_call *call, const struct digest *digest)
{
	struct su_error err = { 0 };
	if (serve(call, digest, call->values[0] != NULL, &err) != SU_OK)
		http_reply_error(call, &err);
	http_hold_finish(call);
}

void http_blob_get(struct http_call *call)
{
	uint8_t bytes[32];
	size_t len = 0;
	struct su_error err = { 0 };
	if (su_hex_decode(su_span_str(call->values[0]), bytes, sizeof(bytes), &len, NULL) ==
			SU_OK &&
		len == sizeof(bytes)) {
		struct digest digest = digest_sha256(bytes);
		serve_on_loop(call, &digest);
		return;
	}
	su_fail(&err, SU_NOT_FOUND, "", "a file is named by 64 hexadecimal digits");
	http_reply_error(call, &err);
	http_hold_finish(call);
}

void http_blob_get_public(struct http_call *call)
{
	serve_on_loop(call, public_paths_find(call->env->paths, call->path));
}

/* A path may be served since a moment ago, and be spelled with other escapes than the URI's. */
enum su_status http_blob_find_public(struct http_call *call, struct su_error *err)
{
	struct digest digest;
	const char *decoded;
	SU_TRY(http_decode_percent(call->arena, su_span_str(call->path), &decoded, err));
	struct txn txn = txn_begin(call->conn);
	bool found = release_store_path(&txn, call->arena, call->path, &digest) ||
		     release_store_path(&txn, call->arena, decoded, &digest);
	SU_TRY(txn_commit(&txn, err));
	if (!found)
		return su_fail(err, SU_NOT_FOUND, "", "there is nothing at this path");
	return serve(call, &digest, false, err);
}
