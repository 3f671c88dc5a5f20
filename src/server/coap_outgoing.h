/* SPDX-License-Identifier: Apache-2.0 */
/* A request to a device as values, and as options of a message. */
#pragma once

#include "server/coap_request.h"

/* What is put into one request. */
struct coap_outgoing {
	unsigned method;
	const char *path[3]; /* below /suit */
	const char *deployment;
	int content_format; /* -1: none */
	struct coap_block block1;
	uint64_t size1; /* with the first block */
	struct su_span payload;
};

/* Writes options and payload into pdu, which bears its code and token already. False: no room. */
bool coap_outgoing_write(coap_pdu_t *pdu, const struct coap_outgoing *out);
