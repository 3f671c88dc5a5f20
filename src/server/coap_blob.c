/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images and envelopes, by digest and by public path. Each block is cut from a mapping when it is
 * asked for: nothing is remembered between two blocks, so a download goes on after a restart.
 */
#include "base/hex.h"
#include "server/coap_routes.h"
#include "server/public_paths.h"
#include "store/blob.h"

static void reply_blob(struct coap_exchange *exchange, const struct digest *digest)
{
	struct blob_mapping *mapping = NULL;
	struct su_error err = { 0 };
	if (exchange->request.accept >= 0 &&
		exchange->request.accept != COAP_MEDIATYPE_APPLICATION_OCTET_STREAM) {
		coap_reply_text(exchange, COAP_RESPONSE_CODE_NOT_ACCEPTABLE,
			"images are application/octet-stream (42)");
		return;
	}
	if (blob_map(exchange->env->blobs, digest, &mapping, &err) != SU_OK) {
		coap_reply_error(exchange, &err);
		return;
	}
	struct coap_content content = {
		.bytes = blob_mapping_span(mapping),
		.etag = su_span_of(digest->bytes, COAP_ETAG_MAX_BYTES),
		.content_format = COAP_MEDIATYPE_APPLICATION_OCTET_STREAM,
	};
	coap_reply_content(exchange, &content);
	blob_unmap(&mapping);
}

void coap_blob_get(struct coap_exchange *exchange)
{
	uint8_t bytes[32];
	size_t len = 0;
	struct su_span hex = su_span_str(exchange->request.segments[1]);
	if (su_hex_decode(hex, bytes, sizeof(bytes), &len, NULL) != SU_OK || len != sizeof(bytes)) {
		coap_reply_text(exchange, COAP_RESPONSE_CODE_NOT_FOUND,
			"a blob is named by the 64 hexadecimal digits of its SHA-256");
		return;
	}
	struct digest digest = digest_sha256(bytes);
	reply_blob(exchange, &digest);
}

static void on_path(void *arg, const struct digest *blob, const struct su_error *fault)
{
	struct coap_exchange *exchange = arg;
	if (!exchange->env) /* abandoned: this only frees it */
		coap_reply_code_only(exchange, COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE);
	else if (fault)
		coap_reply_error(exchange, fault);
	else if (blob)
		reply_blob(exchange, blob);
	else
		coap_reply_text(exchange, COAP_RESPONSE_CODE_NOT_FOUND, "nothing is here");
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
		coap_reply_error(exchange, &err);
}
