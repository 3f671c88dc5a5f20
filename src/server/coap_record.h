/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads what a device has sent over a DTLS session before libcoap does, and answers it, or leaves it: then
 * libcoap reads it as if nothing had happened. Loop thread.
 */
#pragma once

#include <coap3/coap.h>

#include "base/span.h"

#define COAP_RECORD_MAX_BYTES 2048

struct coap_record;

/* NULL: this libcoap has other DTLS than OpenSSL's. */
struct coap_record *coap_record_new(void);
void coap_record_free(struct coap_record **record);

/* One record of application data and nothing else: what is read here. */
bool coap_record_is_data(struct su_span datagram);

/*
 * The message in a datagram of session's peer; valid until the next call. Empty: it is for libcoap alone.
 * Either it is answered with coap_record_seal, or libcoap is given the same datagram next of all of this peer.
 */
struct su_span coap_record_open(
	struct coap_record *record, coap_session_t *session, struct su_span datagram);

/* Takes the message away, and writes the datagram with its answer to out. 0: the answer is lost. */
size_t coap_record_seal(struct coap_record *record, coap_session_t *session, struct su_span answer,
	uint8_t out[COAP_RECORD_MAX_BYTES]);
