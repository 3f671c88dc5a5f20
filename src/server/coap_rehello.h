/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device that lost its DTLS session (it restarted, or our end of it) and begins another one from the same
 * address and port. libcoap takes its ClientHello for a part of the session that it knows, and drops it: the
 * device would be shut out for as long as it tries. RFC 6347 section 4.2.8: the old session ends when
 * the device has shown with a cookie that it receives at that address. Loop thread.
 */
#pragma once

#include "server/coap_datagrams.h"

struct coap_rehello;

struct coap_rehello_opts {
	/* Whether there is a DTLS session with this peer; it may take as long as a pass over all. */
	bool (*is_known)(void *arg, const struct sockaddr *peer);
	/* To end that session, at once. */
	void (*forget)(void *arg, const struct sockaddr *peer);
	void *arg;
};

struct coap_rehello *coap_rehello_new(const struct coap_rehello_opts *opts);
void coap_rehello_free(struct coap_rehello **rehello);

/* A coap_datagram_fn for DTLS sockets (arg: the coap_rehello); answers nothing but such a ClientHello. */
size_t coap_rehello_answer(
	void *arg, const struct coap_datagram *datagram, uint8_t out[COAP_DATAGRAM_MAX_BYTES]);
