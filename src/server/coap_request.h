/* SPDX-License-Identifier: Apache-2.0 */
/* A CoAP request as values of our own, so that it can outlive libcoap's message. */
#pragma once

#include <coap3/coap.h>

#include "base/arena.h"
#include "base/status.h"

#define COAP_REQUEST_MAX_SEGMENTS 16
#define COAP_REQUEST_MAX_QUERIES  16
#define COAP_REQUEST_MAX_ETAGS    4

struct coap_block {
	bool given;
	uint32_t num;
	bool more;
	unsigned szx;
};

struct coap_request {
	unsigned method; /* COAP_REQUEST_CODE_GET, ... */
	bool confirmable;
	coap_mid_t mid;
	struct su_span token;
	size_t n_segments, n_queries, n_etags;
	const char *segments[COAP_REQUEST_MAX_SEGMENTS]; /* of the path */
	const char *queries[COAP_REQUEST_MAX_QUERIES];
	struct su_span etags[COAP_REQUEST_MAX_ETAGS];
	int content_format, accept; /* -1: not given */
	bool has_observe;
	uint32_t observe;
	struct coap_block block1, block2;
	bool has_size1;
	uint64_t size1;
	struct su_span request_tag; /* RFC 9175 section 3 */
	unsigned no_response;       /* RFC 7967: classes that the client does not want */
	struct su_span body;
	bool is_unusual; /* bears options that are not read here, or one twice that may be given once */
};

/* Copies everything into arena. Returns 0, or the response code of the fault that err tells. */
unsigned coap_request_parse(const coap_pdu_t *pdu, struct su_arena *arena, struct coap_request *out,
	struct su_error *err);

/* The value of "name=value"; "" for "name" alone; NULL when it is not there. */
const char *coap_request_query(const struct coap_request *request, const char *name);

/* "/rd/<id>": the path with what RFC 3986 does not allow in a segment percent-encoded. */
char *coap_request_path(const struct coap_request *request, struct su_arena *arena);

/* Method, path, queries and Request-Tag in one: what tells the blocks of two bodies apart. */
struct su_span coap_request_body_key(const struct coap_request *request, struct su_arena *arena);
