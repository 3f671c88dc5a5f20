/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Datagrams as requests, in one message that is used again and again, and an answer to each as bytes:
 * libcoap must be able to read it, and find the token of the request in it.
 */
#include "fuzz_check.h"
#include "server/coap_reply.h"

enum { MAX_BYTES = 1472 };

static void check_answer(const struct coap_request *request, struct su_arena *arena)
{
	static const uint8_t bytes[3000] = "content";
	static coap_pdu_t *pdu;
	const struct coap_content content = {
		.bytes = su_span_of(bytes, sizeof(bytes)),
		.etag = su_span_of(bytes, COAP_ETAG_MAX_BYTES),
		.content_format = COAP_MEDIATYPE_APPLICATION_CBOR,
		.max_age_s = 60,
	};
	struct coap_answer answer;
	uint8_t wire[2048];
	if (!pdu)
		pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_EMPTY_CODE, 0, sizeof(wire));
	if (coap_reply_choose(request, &content, &answer, NULL) != 0)
		return;
	size_t len = coap_reply_encode(request, &answer, wire, sizeof(wire));
	require(len > 0 && len <= sizeof(wire));
	struct coap_request read;
	require(coap_pdu_parse(COAP_PROTO_UDP, wire, len, pdu));
	require(coap_request_parse(pdu, arena, &read, NULL) == 0);
	require(su_span_equal(read.token, request->token) && read.mid == request->mid);
	require(su_span_equal(read.body, answer.payload));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static coap_pdu_t *pdu;
	struct coap_request request;
	struct su_error err = { 0 };
	if (!pdu)
		pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_EMPTY_CODE, 0, MAX_BYTES);
	if (size > MAX_BYTES || !coap_pdu_parse(COAP_PROTO_UDP, data, size, pdu))
		return 0;
	struct su_arena *arena = su_arena_new();
	unsigned code = coap_request_parse(pdu, arena, &request, &err);
	require(request.n_segments <= COAP_REQUEST_MAX_SEGMENTS);
	require(request.n_queries <= COAP_REQUEST_MAX_QUERIES);
	if (code != 0)
		require(COAP_RESPONSE_CLASS(code) == 4 && err.text[0] != '\0');
	else if (request.token.len <= 8)
		check_answer(&request, arena);
	su_arena_free(&arena);
	return 0;
}
