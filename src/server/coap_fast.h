/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers the requests that a fleet makes most, polls and blocks of images, without a libcoap
 * session: libcoap makes one for each peer and passes over all of them again and again, and what is
 * answered at once from memory needs none. A GET is safe, so a repeated one is answered anew. The answer
 * has the same bytes as libcoap's path would give (but for the ID of a message that is not confirmable),
 * because both ask the same functions for it. Over DTLS there must be a session; libcoap makes it, and
 * does not see what is answered here.
 *
 * Left to libcoap: what is not a GET, observing, uploads in blocks, unusual options, malformed
 * messages, every error; polls that the tracker cannot answer from memory; and polls
 * of devices that may be sent commands (all but those that drive their updates themselves), until
 * libcoap has a session with just that peer. Such a session is the way for commands and is kept by
 * coap_link.h; a device that only polls needs none.
 */
#pragma once

#include "server/coap_datagrams.h"
#include "server/coap_reply.h"
#include "store/blob.h"

struct coap_env;
struct coap_peer;
struct coap_stats;
struct coap_fast;

/* One request. */
struct coap_fast_call {
	struct coap_env *env;
	struct su_arena *arena;
	const struct sockaddr *peer;
	struct coap_peer *secure; /* who sent it over DTLS; NULL: without */
	struct coap_request request;
	int64_t now_ms;
	struct blob_mapping *mapping; /* of what is answered; NULL: nothing is mapped */
};

/* Fills out, which may lead into what call has. False: it is libcoap's. */
typedef bool (*coap_fast_fn)(struct coap_fast_call *call, struct coap_answer *out);

struct coap_fast *coap_fast_new(struct coap_env *env, struct coap_stats *stats);
void coap_fast_free(struct coap_fast **fast);
/* As a coap_datagram_fn. */
size_t coap_fast_answer(
	void *fast, const struct coap_datagram *datagram, uint8_t out[COAP_DATAGRAM_MAX_BYTES]);
/*
 * The same of one that came over peer's DTLS session. Now and then a request is left to libcoap, or it would
 * end the session as idle.
 */
size_t coap_fast_answer_secure(struct coap_fast *fast, struct coap_peer *peer,
	const struct coap_datagram *datagram, uint8_t out[COAP_DATAGRAM_MAX_BYTES]);
