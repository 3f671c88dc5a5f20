/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request on its way to its answer. A handler answers before it returns, or later. The answer
 * travels in the acknowledgement if it comes soon; else the request is acknowledged empty, and the answer
 * is a message of its own. Whoever took a request answers it exactly once, which ends it. When
 * the peer or the whole front end goes away meanwhile, the answer goes nowhere.
 */
#pragma once

#include "server/coap.h"
#include "server/coap_peer.h"
#include "server/coap_recent.h"
#include "server/coap_reply.h"
#include "server/coap_request.h"

struct coap_channel;
struct coap_observers;

/* What handlers may use; lives as long as the front end. */
struct coap_env {
	struct su_loop *loop;
	struct device_front *devices;
	struct blob_store *blobs;
	struct public_paths *paths;
	struct coap_observers *observers;
	struct coap_recent *recent;
	struct coap_channel *channel;
	struct coap_exchange *owed; /* requests that wait for their answer */
	size_t n_owed, n_unacknowledged;
	struct su_timer *acknowledge; /* those that wait for long */
	struct su_timer *let_go;      /* of answers that were gathered */
	bool gathers;
};

struct coap_exchange {
	struct coap_exchange *next, **link;
	struct coap_env *env; /* NULL: the front end has stopped */
	struct coap_peer *peer;
	struct su_arena *arena;
	struct coap_request request;
	coap_pdu_t *response; /* as long as the handler runs */
	bool answered;
	bool unacknowledged; /* and confirmable: the acknowledgement waits for the answer */
	int64_t now_ms;
	struct contact contact; /* filled by coap_exchange_identify */
};

/*
 * Parses request and hands it to serve, which answers now or later. Refuses what is malformed, and
 * answers again what was answered before.
 */
void coap_exchange_run(struct coap_env *env, struct coap_peer *peer, const coap_pdu_t *request,
	coap_pdu_t *response, void (*serve)(struct coap_exchange *exchange));
/* To be called once env has its loop, and for the end of the front end: it lets go of all peers, and late
 * answers then go nowhere. */
void coap_exchange_begin_all(struct coap_env *env);
void coap_exchange_abandon_all(struct coap_env *env);

/*
 * Who speaks, from its DTLS identity and ?ep=; fills contact. If that does not hold, the request is
 * refused (answered) and false returned. endpoint_optional: the path tells which device it is.
 */
bool coap_exchange_identify(struct coap_exchange *exchange, bool endpoint_optional);

/* Each of these answers exchange and ends it, unless its handler is still running. */
void coap_exchange_answer(struct coap_exchange *exchange, const struct coap_answer *answer);
void coap_exchange_answer_code(struct coap_exchange *exchange, unsigned code);
/* With a diagnostic payload (RFC 7252 section 5.5.2). */
void coap_exchange_answer_text(struct coap_exchange *exchange, unsigned code, const char *text);
void coap_exchange_answer_error(struct coap_exchange *exchange, const struct su_error *err);
/* As a tracker_done_fn: 2.04 when it worked (err NULL). */
void coap_exchange_answer_changed(void *exchange, const struct su_error *err);
void coap_exchange_answer_content(
	struct coap_exchange *exchange, const struct coap_content *content);
