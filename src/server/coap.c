/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the CoAP front end together: context, endpoints, sessions, bodies. */
#include "server/coap.h"

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "server/coap_body.h"
#include "server/coap_channel.h"
#include "server/coap_listen.h"
#include "server/coap_observe.h"
#include "server/coap_pass.h"
#include "server/coap_record.h"
#include "server/coap_rehello.h"
#include "server/coap_routes.h"
#include "server/coap_turn.h"

enum {
	DEFAULT_SESSIONS = 1000,
	MAX_IDLE_PLAIN = 1000,
	DEFAULT_BODY_BYTES = 64 << 10,
	DEFAULT_BODIES = 256,
	BODIES_PER_PEER = 4,
	DEFAULT_OBSERVERS = 10000,
	DEFAULT_BODY_TIMEOUT_MS = 30000,
	/* RFC 7252 section 4.8: meanwhile a block whose acknowledgement was lost comes again. */
	BODY_PATIENCE_MS = 5000,
	SESSION_TIMEOUT_S = 300,
	/* ClientHellos from made-up addresses; libcoap's default of 100 would shut others out. */
	MAX_HANDSHAKES = 10000,
	RECENT_ANSWERS = 4096,
	MAX_COMMANDS = 1024,
	DEFAULT_ANSWER_TIMEOUT_MS = 100000,
	/* RFC 7252 section 4.8: a message is repeated after 2 to 3 s, then after twice that. */
	MAX_REPETITIONS = 4,
	LONGEST_ACK_TIMEOUT_MS = 3000,
	EXCHANGE_LIFETIME_MS = 247000, /* RFC 7252 section 4.8.2 */
	PEER_BUCKETS = 16384,
};

struct coap {
	coap_context_t *context;
	struct coap_sockets plain, secure;
	struct coap_rehello *rehello;
	struct coap_fast *fast;
	struct coap_turn *turn;
	struct coap_bodies *bodies;
	struct su_timer *body_timer;
	struct tracker *tracker;
	struct coap_peer *peers[PEER_BUCKETS]; /* by their address */
	struct coap_opts opts;
	struct coap_env env;
};

static struct coap *coap_of(const coap_session_t *session)
{
	return coap_get_app_data(coap_session_get_context(session));
}

static void on_body_begins(void *peer)
{
	coap_session_reference(((struct coap_peer *)peer)->session);
}

static void on_body_ends(void *peer)
{
	coap_session_release(((struct coap_peer *)peer)->session);
}

static void arm_body_timer(struct coap *coap, int64_t now_ms)
{
	int64_t due_ms = coap_body_expire(coap->bodies, now_ms);
	if (due_ms > 0)
		su_timer_set(coap->body_timer, due_ms - now_ms);
}

static void on_body_time(void *arg)
{
	arm_body_timer(arg, su_clock_mono_ms());
}

static void reply_too_large(struct coap_exchange *exchange, const struct coap *coap)
{
	struct coap_answer answer = COAP_ANSWER(COAP_RESPONSE_CODE_REQUEST_TOO_LARGE);
	answer.has_size1 = true;
	answer.size1 = coap->opts.max_body_bytes;
	answer.payload = su_span_str("the body is too large");
	coap_exchange_answer(exchange, &answer);
}

static void refuse_block(
	struct coap_exchange *exchange, const struct coap *coap, enum coap_body_verdict verdict)
{
	switch (verdict) {
	case COAP_BODY_WHOLE:
	case COAP_BODY_CONTINUE:
		coap_exchange_answer_code(exchange, COAP_RESPONSE_CODE_CONTINUE);
		return;
	case COAP_BODY_INCOMPLETE:
		coap_exchange_answer_text(exchange, COAP_RESPONSE_CODE_INCOMPLETE,
			"a block is missing: begin again with block 0");
		return;
	case COAP_BODY_TOO_LARGE:
		reply_too_large(exchange, coap);
		return;
	case COAP_BODY_INVALID:
		coap_exchange_answer_text(exchange, COAP_RESPONSE_CODE_BAD_REQUEST,
			"a block that is not the last must be full");
		return;
	case COAP_BODY_BUSY:
		coap_exchange_answer_text(exchange, COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE,
			"too many bodies arrive at the same time");
		return;
	}
}

/* Puts the body together; true when it is whole. */
static bool take_block(struct coap *coap, struct coap_exchange *exchange)
{
	struct coap_request *request = &exchange->request;
	struct coap_body_block block = {
		.peer = exchange->peer,
		.key = coap_request_body_key(request, exchange->arena),
		.num = request->block1.num,
		.more = request->block1.more,
		.szx = request->block1.szx,
		.has_size = request->has_size1,
		.size_bytes = request->size1,
		.payload = request->body,
	};
	struct su_span whole;
	int64_t now_ms = su_clock_mono_ms();
	enum coap_body_verdict verdict = coap_body_add(coap->bodies, &block, now_ms, &whole);
	arm_body_timer(coap, now_ms);
	if (verdict != COAP_BODY_WHOLE) {
		refuse_block(exchange, coap, verdict);
		return false;
	}
	request->body = su_arena_copy(exchange->arena, whole);
	return true;
}

static void serve(struct coap_exchange *exchange)
{
	struct coap *coap = coap_of(exchange->peer->session);
	struct coap_request *request = &exchange->request;
	if (request->block1.given && !take_block(coap, exchange))
		return;
	if (request->body.len > coap->opts.max_body_bytes)
		reply_too_large(exchange, coap);
	else
		coap_routes_serve(exchange);
}

/* What is given up as lost must not be repeated any longer. */
static unsigned repetitions(int64_t answer_timeout_ms)
{
	unsigned n = 1;
	while (n < MAX_REPETITIONS &&
		LONGEST_ACK_TIMEOUT_MS * (INT64_C(4) << n) - LONGEST_ACK_TIMEOUT_MS <=
			answer_timeout_ms)
		n++;
	return n;
}

static struct coap_peer **bucket_of(const struct coap *coap, const struct sockaddr *address)
{
	return (struct coap_peer **)&coap->peers[coap_peer_hash(address) % PEER_BUCKETS];
}

static struct coap_peer *meet_peer(struct coap *coap, coap_session_t *session)
{
	coap_session_set_max_retransmit(session, repetitions(coap->opts.answer_timeout_ms));
	return coap_peer_new(
		bucket_of(coap, &coap_session_get_addr_remote(session)->addr.sa), session);
}

static void on_request(coap_resource_t *resource, coap_session_t *session,
	const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	(void)resource;
	(void)query;
	struct coap *coap = coap_of(session);
	struct coap_peer *peer = coap_peer_of(session);
	if (!peer)
		peer = meet_peer(coap, session);
	peer->read_at_ms = su_clock_mono_ms();
	coap_exchange_run(&coap->env, peer, request, response, serve);
}

static void forget_peer(struct coap *coap, struct coap_peer *peer)
{
	coap_channel_drop_peer(coap->env.channel, peer);
	coap_observers_remove_peer(coap->env.observers, peer);
}

static int on_event(coap_session_t *session, const coap_event_t event)
{
	struct coap *coap = coap_of(session);
	struct coap_peer *peer = coap_peer_of(session);
	switch ((int)event) {
	case COAP_EVENT_SERVER_SESSION_NEW:
		meet_peer(coap, session);
		break;
	case COAP_EVENT_SERVER_SESSION_DEL:
		if (peer)
			coap_peer_free(&peer);
		break;
	case COAP_EVENT_DTLS_CONNECTED:
		if (peer)
			coap_peer_prove(peer);
		break;
	case COAP_EVENT_DTLS_CLOSED:
	case COAP_EVENT_DTLS_ERROR:
		/* Until then its address is deaf to a new handshake. */
		coap_pass_want(coap->context);
		if (peer)
			forget_peer(coap, peer);
		break;
	default:
		break;
	}
	return 0;
}

/* A notification that is not acknowledged or is reset ends its observation (RFC 7641 section 4.5). */
static void on_nack(coap_session_t *session, const coap_pdu_t *sent,
	const coap_nack_reason_t reason, const coap_mid_t mid)
{
	struct coap_peer *peer = coap_peer_of(session);
	if (!peer || coap_channel_on_nack(coap_of(session)->env.channel, peer, mid, reason) ||
		!sent)
		return;
	coap_bin_const_t token = coap_pdu_get_token(sent);
	coap_observers_remove(
		coap_of(session)->env.observers, peer, su_span_of(token.s, token.length));
}

static coap_response_t on_response(coap_session_t *session, const coap_pdu_t *sent,
	const coap_pdu_t *received, const coap_mid_t mid)
{
	(void)sent;
	(void)mid;
	struct coap_peer *peer = coap_peer_of(session);
	if (peer)
		coap_channel_on_response(coap_of(session)->env.channel, peer, received);
	return COAP_RESPONSE_OK;
}

static void on_change(void *arg, const char *endpoint)
{
	struct coap *coap = arg;
	coap_observers_notify(coap->env.observers, endpoint);
}

/* One resource for every path: which paths there are is the table's business. */
static void add_resources(coap_context_t *context)
{
	coap_resource_t *any = coap_resource_unknown_init(on_request);
	for (int method = COAP_REQUEST_GET; method <= COAP_REQUEST_IPATCH; method++)
		coap_register_request_handler(any, (coap_request_t)method, on_request);
	coap_add_resource(context, any);
	/* libcoap would answer this one by itself. */
	coap_resource_t *wellknown = coap_resource_init(coap_make_str_const(".well-known/core"), 0);
	for (int method = COAP_REQUEST_GET; method <= COAP_REQUEST_IPATCH; method++)
		coap_register_request_handler(wellknown, (coap_request_t)method, on_request);
	coap_add_resource(context, wellknown);
}

static void set_up_context(struct coap *coap)
{
	coap_context_t *context = coap->context;
	coap_set_app_data(context, coap);
	/* No block handling by libcoap: see coap_body.h. */
	coap_context_set_block_mode(context, 0);
	coap_context_set_max_handshake_sessions(context, MAX_HANDSHAKES);
	coap_context_set_session_timeout(context, SESSION_TIMEOUT_S);
	coap_register_event_handler(context, on_event);
	coap_register_nack_handler(context, on_nack);
	coap_register_response_handler(context, on_response);
	coap_register_option(context, COAP_OPTION_RTAG);
	add_resources(context);
}

static struct coap_peer *find_secure_peer(const struct coap *coap, const struct sockaddr *address)
{
	for (struct coap_peer *peer = *bucket_of(coap, address); peer; peer = peer->next)
		if (coap_peer_transport(peer) == TRANSPORT_COAPS &&
			coap_session_get_state(peer->session) != COAP_SESSION_STATE_NONE &&
			coap_peer_is_at(peer, address))
			return peer;
	return NULL;
}

static bool has_secure_peer(void *arg, const struct sockaddr *address)
{
	return find_secure_peer(arg, address) != NULL;
}

/* libcoap frees the session as soon as nobody holds it: mostly before the next ClientHello comes. */
static void end_secure_peer(void *arg, const struct sockaddr *address)
{
	struct coap *coap = arg;
	struct coap_peer *peer = find_secure_peer(coap, address);
	forget_peer(coap, peer);
	coap_session_disconnected(peer->session, COAP_NACK_TLS_FAILED);
	coap_pass_make(coap->context);
}

static size_t answer_secure(
	void *arg, const struct coap_datagram *datagram, uint8_t out[COAP_DATAGRAM_MAX_BYTES])
{
	const struct coap *coap = arg;
	if (!coap_record_is_data(datagram->bytes))
		return coap_rehello_answer(coap->rehello, datagram, out);
	struct coap_peer *peer = find_secure_peer(coap, datagram->peer);
	return peer && coap->fast ? coap_fast_answer_secure(coap->fast, peer, datagram, out) : 0;
}

/* Those that were opened after the plain ones. */
static void list_secure(struct coap *coap)
{
	struct coap_sockets all;
	coap_listen_list(coap->context, &all);
	for (size_t i = 0; i < all.count; i++) {
		size_t k = 0;
		while (k < coap->plain.count && coap->plain.fds[k] != all.fds[i])
			k++;
		if (k < coap->plain.count)
			continue;
		coap->secure.fds[coap->secure.count] = all.fds[i];
		coap->secure.marks[coap->secure.count++] = all.marks[i];
	}
}

static enum su_status open_endpoints(
	struct coap *coap, const struct coap_opts *opts, struct su_error *err)
{
	for (size_t i = 0; i < opts->n_listen; i++)
		SU_TRY(coap_listen_open(coap->context, opts->listen[i], false, err));
	coap_listen_list(coap->context, &coap->plain);
	if (opts->n_listen_secure > 0)
		SU_TRY(coap_listen_use_keys(coap->context, opts->devices, err));
	for (size_t i = 0; i < opts->n_listen_secure; i++)
		SU_TRY(coap_listen_open(coap->context, opts->listen_secure[i], true, err));
	list_secure(coap);
	return SU_OK;
}

static void set_defaults(struct coap_opts *opts)
{
	if (opts->max_sessions == 0)
		opts->max_sessions = DEFAULT_SESSIONS;
	if (opts->max_body_bytes == 0)
		opts->max_body_bytes = DEFAULT_BODY_BYTES;
	if (opts->max_bodies == 0)
		opts->max_bodies = DEFAULT_BODIES;
	if (opts->max_observers == 0)
		opts->max_observers = DEFAULT_OBSERVERS;
	if (opts->body_timeout_ms == 0)
		opts->body_timeout_ms = DEFAULT_BODY_TIMEOUT_MS;
	if (opts->answer_timeout_ms == 0)
		opts->answer_timeout_ms = DEFAULT_ANSWER_TIMEOUT_MS;
}

static void make_parts(struct coap *coap)
{
	const struct coap_opts *opts = &coap->opts;
	coap->bodies = coap_bodies_new(&(struct coap_body_opts){
		.max_body_bytes = opts->max_body_bytes,
		.max_bodies = opts->max_bodies,
		.max_bodies_per_peer = BODIES_PER_PEER,
		.timeout_ms = opts->body_timeout_ms,
		.patience_ms = BODY_PATIENCE_MS,
		.on_begin = on_body_begins,
		.on_end = on_body_ends,
	});
	coap->body_timer = su_timer_new(opts->loop, on_body_time, coap);
	coap->rehello = coap_rehello_new(&(struct coap_rehello_opts){
		.is_known = has_secure_peer,
		.forget = end_secure_peer,
		.arg = coap,
	});
	coap->env = (struct coap_env){
		.loop = opts->loop,
		.devices = opts->devices,
		.blobs = opts->blobs,
		.paths = opts->paths,
		.observers = coap_observers_new(
			opts->loop, opts->devices, opts->blobs, opts->max_observers),
		.recent = coap_recent_new(RECENT_ANSWERS, EXCHANGE_LIFETIME_MS),
		.channel = coap_channel_new(&(struct coap_channel_opts){
			.loop = opts->loop,
			.blobs = opts->blobs,
			.devices = opts->devices,
			.max_links = opts->max_observers,
			.max_commands = MAX_COMMANDS,
			.answer_timeout_ms = opts->answer_timeout_ms,
		}),
	};
	coap_exchange_begin_all(&coap->env);
}

enum su_status coap_start(const struct coap_opts *opts, struct coap **out, struct su_error *err)
{
	struct coap *coap = su_new(struct coap);
	coap->opts = *opts;
	coap->tracker = device_front_tracker(opts->devices);
	set_defaults(&coap->opts);
	make_parts(coap);
	coap_startup();
	/* Anybody can make libcoap complain; what matters shows in our own log. */
	coap_set_log_level(LOG_EMERG);
	coap_dtls_set_log_level(LOG_EMERG);
	coap->context = coap_new_context(NULL);
	enum su_status status;
	if (!coap->context) {
		status = su_fail(err, SU_BUG, "", "libcoap makes no context");
	} else {
		set_up_context(coap);
		status = open_endpoints(coap, opts, err);
	}
	if (status != SU_OK) {
		coap_stop(&coap);
		return status;
	}
	coap->fast = coap_fast_new(&coap->env, coap->opts.stats);
	coap->turn = coap_turn_new(&(struct coap_turn_opts){
		.loop = opts->loop,
		.context = coap->context,
		.plain = &coap->plain,
		.secure = &coap->secure,
		.max_idle_plain = coap->opts.max_sessions < MAX_IDLE_PLAIN ? coap->opts.max_sessions
									   : MAX_IDLE_PLAIN,
		.max_idle_secure = coap->opts.max_sessions,
		.answer_secure = answer_secure,
		.arg_secure = coap,
		.answer = coap->fast ? coap_fast_answer : NULL,
		.arg = coap->fast,
		.stats = coap->opts.stats,
	});
	tracker_on_change(coap->tracker, on_change, coap);
	struct channel channel = coap_channel_of(coap->env.channel);
	tracker_add_channel(coap->tracker, &channel);
	*out = coap;
	return SU_OK;
}

static void ignore_change(void *arg, const char *endpoint)
{
	(void)arg;
	(void)endpoint;
}

void coap_stop(struct coap **coap)
{
	struct coap *stopped = *coap;
	if (!stopped)
		return;
	if (stopped->turn)
		tracker_on_change(stopped->tracker, ignore_change, NULL);
	/* libcoap asserts that nobody holds a session when its endpoint goes. */
	coap_exchange_abandon_all(&stopped->env);
	tracker_remove_channel(stopped->tracker, stopped->env.channel);
	coap_channel_free(&stopped->env.channel);
	coap_observers_free(&stopped->env.observers);
	coap_bodies_free(&stopped->bodies);
	coap_turn_free(&stopped->turn);
	coap_fast_free(&stopped->fast);
	for (size_t i = 0; i < PEER_BUCKETS; i++)
		while (stopped->peers[i]) {
			struct coap_peer *peer = stopped->peers[i];
			coap_peer_free(&peer);
		}
	if (stopped->context)
		coap_free_context(stopped->context);
	coap_cleanup();
	coap_recent_free(&stopped->env.recent);
	coap_rehello_free(&stopped->rehello);
	su_timer_free(&stopped->body_timer);
	su_free_ptr(coap);
}
