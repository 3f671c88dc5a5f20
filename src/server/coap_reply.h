/* SPDX-License-Identifier: Apache-2.0 */
/* How requests are answered: the one table from status to response code, and messages built from values. */
#pragma once

#include <coap3/coap.h>

#include "base/span.h"
#include "base/status.h"
#include "server/coap_request.h"

#define COAP_ETAG_MAX_BYTES 8
#define COAP_MAX_LOCATION   2

/* Whatever is zero, NULL, empty or -1 is left out. */
struct coap_answer {
	unsigned code; /* COAP_RESPONSE_CODE_... */
	struct su_span etag;
	bool has_observe;
	uint32_t observe;
	const char *location[COAP_MAX_LOCATION];
	int content_format; /* -1: none */
	uint32_t max_age_s;
	struct coap_block block1, block2;
	bool has_size1, has_size2;
	uint64_t size1, size2;
	struct su_span payload;
};
#define COAP_ANSWER(code_) ((struct coap_answer){ .code = (code_), .content_format = -1 })

/* The response code of a status. */
unsigned coap_reply_code(enum su_status status);

/* Writes options and payload into pdu, which bears its code and token already. False: no room. */
bool coap_reply_write(coap_pdu_t *pdu, const struct coap_answer *answer);
/*
 * The same as a whole message with the bytes of the wire: in the acknowledgement of a confirmable
 * request, else not confirmable. Returns its length; 0: no room.
 */
size_t coap_reply_encode(const struct coap_request *request, const struct coap_answer *answer,
	uint8_t *out, size_t size);

/* A representation, whole or in blocks as the client asks for them (RFC 7959 section 2.4). */
struct coap_content {
	struct su_span bytes;
	struct su_span etag; /* the client has it: 2.03 */
	int content_format;
	bool observed; /* observe is to be told */
	uint32_t observe;
	uint32_t max_age_s;
};
/* Chooses what of it answers request. Returns 0, or the code of the fault in err. */
unsigned coap_reply_choose(const struct coap_request *request, const struct coap_content *content,
	struct coap_answer *out, struct su_error *err);
/* Without a look at the ETags that the client has: the block that it asks for. */
unsigned coap_reply_cut(const struct coap_request *request, const struct coap_content *content,
	struct coap_answer *out, struct su_error *err);
