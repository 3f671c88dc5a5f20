/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request from its first header to its last byte of reply: the state between libmicrohttpd,
 * which calls again and again, and handlers, which are called once. For the loop's thread, except
 * what runs in jobs.
 */
#pragma once

#include <microhttpd.h>

#include "server/http_call.h"
#include "server/http_front.h"

enum http_phase {
	HTTP_PHASE_HEADERS,  /* nothing is settled */
	HTTP_PHASE_TOKEN,    /* a worker looks up the token */
	HTTP_PHASE_ADMITTED, /* the stream is to begin */
	HTTP_PHASE_BODY,
	HTTP_PHASE_HANDLER, /* a worker or a loop handler has the call */
	HTTP_PHASE_REPLY,   /* the reply is given; what comes of the body is discarded */
};

#define HTTP_BYTES_UNKNOWN UINT64_MAX

/* Whom a loop handler wants told (http_hold.h). */
struct http_hold {
	struct su_watch *watch;
	void (*on_stir)(void *arg);
	void *stir_arg;
	void (*on_sent)(void *arg, int socket);
	void *sent_arg;
};

struct http_exchange {
	struct http_call call; /* first: the exchange is found by its call */
	struct http_front *front;
	struct http_listener *listener;
	struct MHD_Connection *connection; /* NULL: it is gone */
	const struct http_peer *peer;
	struct http_exchange *previous, *next;
	enum http_phase phase;
	unsigned references; /* libmicrohttpd's, and one for each job or loop handler under way */
	bool suspended;
	bool in_headers; /* libmicrohttpd's next call is still about the headers */
	bool streaming;  /* the stream has begun: its cut or end is due */
	const char *method;
	uint64_t announced_bytes; /* of the body; HTTP_BYTES_UNKNOWN: chunked */
	uint64_t received_bytes, discarded_bytes;
	struct su_buf body; /* all of it, or the piece of a stream that is not written yet */
	json_t *json;
	struct token token;
	uint8_t token_hash[CREDENTIAL_HASH_BYTES];
	struct http_hold hold;
};

/* A new request on connection. */
struct http_exchange *http_exchange_new(struct http_listener *listener,
	struct MHD_Connection *connection, const char *path, const char *method);
/* Gives up a reference; the exchange is gone with the last one. */
void http_exchange_release(struct http_exchange *exchange);

/* Of its connection; -1: there is none any more. */
int http_exchange_socket(const struct http_exchange *exchange);
/* While it is suspended, libmicrohttpd leaves its connection alone, and it is not cut for being idle. */
void http_exchange_set_suspended(struct http_exchange *exchange, bool suspended);
/* Runs run on a worker, then done on the loop, with the connection suspended; false: there are too
 * many jobs already, which is now the reply. */
bool http_exchange_submit(struct http_exchange *exchange,
	void (*run)(void *arg, void *thread_context), void (*done)(void *arg));
/* To be called last in done. */
void http_exchange_continue(struct http_exchange *exchange, enum http_phase phase);
