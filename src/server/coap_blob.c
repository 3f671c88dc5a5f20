/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images and envelopes, by digest and by public path. Each block is cut from a mapping when it is
 * asked for: nothing is remembered between two blocks, so a download goes on after a restart.
 */
#include "base/hex.h"
#include "server/coap_routes.h"
#include "server/public_paths.h"
#include "store/blob.h"

static bool accepts_image(const struct coap_request *request)
{
	return request->accept < 0 || request->accept == COAP_MEDIATYPE_APPLICATION_OCTET_STREAM;
}

static struct coap_content content_of(
	const struct blob_mapping *mapping, const struct digest *digest)
{
	return (struct coap_content){
		.bytes = blob_mapping_span(mapping),
		.etag = su_span_of(digest->bytes, COAP_ETAG_MAX_BYTES),
		.content_format = COAP_MEDIATYPE_APPLICATION_OCTET_STREAM,
	};
}

static void reply_blob(struct coap_exchange *exchange, const struct digest *digest)
{
	struct blob_mapping *mapping = NULL;
	struct su_error err = { 0 };
	if (!accepts_image(&exchange->request)) {
		coap_exchange_answer_text(exchange, COAP_RESPONSE_CODE_NOT_ACCEPTABLE,
			"images are application/octet-stream (42)");
		return;
	}
	if (blob_map(exchange->env->blobs, digest, &mapping, &err) != SU_OK) {
		coap_exchange_answer_error(exchange, &err);
		return;
	}
	struct coap_content content = content_of(mapping, digest);
	coap_exchange_answer_content(exchange, &content);
	blob_unmap(&mapping);
}

static bool answer_fast(
	struct coap_fast_call *call, const struct digest *digest, struct coap_answer *out)
{
	if (!accepts_image(&call->request) ||
		blob_map(call->env->blobs, digest, &call->mapping, NULL) != SU_OK)
		return false;
	struct coap_content content = content_of(call->mapping, digest);
	content.etag = su_arena_copy(call->arena, content.etag);
	return coap_reply_choose(&call->request, &content, out, NULL) == 0;
}

static bool read_digest(const struct coap_request *request, struct digest *out)
{
	uint8_t bytes[32];
	size_t len = 0;
	struct su_span hex = su_span_str(request->segments[1]);
	if (su_hex_decode(hex, bytes, sizeof(bytes), &len, NULL) != SU_OK || len != sizeof(bytes))
		return false;
	*out = digest_sha256(bytes);
	return true;
}

void coap_blob_get(struct coap_exchange *exchange)
{
	struct digest digest;
	if (read_digest(&exchange->request, &digest))
		reply_blob(exchange, &digest);
	else
		coap_exchange_answer_text(exchange, COAP_RESPONSE_CODE_NOT_FOUND,
			"a blob is named by the 64 hexadecimal digits of its SHA-256");
}

bool coap_blob_get_fast(struct coap_fast_call *call, struct coap_answer *out)
{
	struct digest digest;
	return read_digest(&call->request, &digest) && answer_fast(call, &digest, out);
}

static void on_path(void *arg, const struct digest *blob, const struct su_error *fault)
{
	struct coap_exchange *exchange = arg;
	if (!exchange->env) /* abandoned: this only frees it */
		coap_exchange_answer_code(exchange, COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE);
	else if (fault)
		coap_exchange_answer_error(exchange, fault);
	else if (blob)
		reply_blob(exchange, blob);
	else
		coap_exchange_answer_text(
			exchange, COAP_RESPONSE_CODE_NOT_FOUND, "nothing is here");
}

/* A device may be offered a release before the table has its paths: the database knows them. */
void coap_blob_get_path(struct coap_exchange *exchange)
{
	struct public_paths *paths = exchange->env->paths;
	const char *path = coap_request_path(&exchange->request, exchange->arena);
	const struct digest *digest = public_paths_find(paths, path);
	struct su_error err = { 0 };
	if (digest)
		reply_blob(exchange, digest);
	else if (public_paths_look_up(paths, path, on_path, exchange, &err) != SU_OK)
		coap_exchange_answer_error(exchange, &err);
}

bool coap_blob_get_path_fast(struct coap_fast_call *call, struct coap_answer *out)
{
	const struct digest *digest =
		public_paths_find(call->env->paths, coap_request_path(&call->request, call->arena));
	return digest && answer_fast(call, digest, out);
}
