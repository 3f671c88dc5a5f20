/* SPDX-License-Identifier: Apache-2.0 */
/* What the CoAP link consists of, for its own files only: session and timers, transfers, what it serves. */
#pragma once

#include <coap3/coap.h>

#include "tools/link_coap.h"

struct coap_driver {
	struct su_loop *loop;
	coap_context_t *context;
	struct su_watch *watch;
	coap_address_t address;
	bool secure;
	unsigned block_szx;
	unsigned max_szx; /* of blocks that the server sends to the device */
};

struct link_coap {
	struct link head;
	struct coap_driver *driver;
	char *endpoint;
	uint8_t psk[64];
	size_t psk_len;
	coap_session_t *session; /* NULL: opened by the next request */
	struct su_timer *timer;  /* of the answer, or of the news that none will come */
	const char *fault;       /* why none will come; NULL: it may */
	unsigned szx;

	/* The exchange under way; on_reply NULL: none. */
	struct link_request request;
	link_sink_fn sink;
	link_reply_fn on_reply;
	void *arg;
	unsigned block; /* number of the block that is asked for or sent */
	uint8_t token[8];
	size_t token_len;
	char location[128];

	/* What the server asks of the device goes there; NULL: nothing is served. */
	link_listen_fn on_call;
	void *listener;
	bool has_local; /* local is the address that a new session begins from */
	coap_address_t local;
};

/* Sends the request's present block, the first or a later one. */
void link_coap_transfer_send(struct link_coap *link);
/* A response to it: asks for the next block, or ends the exchange. */
void link_coap_transfer_take(struct link_coap *link, const coap_pdu_t *received);
void link_coap_transfer_finish(struct link_coap *link, const struct link_reply *reply);
/* Said later: libcoap is still at work with the session, and the reply may want to send again. */
void link_coap_transfer_give_up(struct link_coap *link, const char *why);
bool link_coap_is_shaking_hands(const struct link_coap *link);

struct su_span link_coap_option_bytes(const coap_pdu_t *pdu, coap_option_num_t number);
unsigned link_coap_option_uint(const coap_pdu_t *pdu, coap_option_num_t number);

/* Requests of the server, over the sessions that the links have opened. */
void link_coap_serve_start(coap_context_t *context);
