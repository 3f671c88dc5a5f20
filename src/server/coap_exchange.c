/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a request: parsed, served, answered now or later, forgotten. */
#include "server/coap_exchange.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "server/coap_channel.h"
#include "server/coap_datagrams.h"

enum {
	MAX_OWED = 4096,
	MAX_OWED_TO_PEER = 16,
	RETRY_AFTER_S = 5,
	/* At the most twice that, and well before a client sends again: RFC 7252 section 4.8. */
	ACKNOWLEDGE_AFTER_MS = 500,
};

static struct coap_exchange *new_exchange(
	struct coap_env *env, struct coap_peer *peer, coap_pdu_t *response)
{
	struct su_arena *arena = su_arena_new();
	struct coap_exchange *exchange = su_arena_new_of(arena, struct coap_exchange);
	exchange->arena = arena;
	exchange->env = env;
	exchange->peer = peer;
	exchange->response = response;
	exchange->now_ms = su_clock_wall_ms();
	return exchange;
}

static void free_exchange(struct coap_exchange *exchange)
{
	struct su_arena *arena = exchange->arena;
	su_arena_free(&arena);
}

/* The answer comes later: the session must stay until then. */
static void begin_owing(struct coap_exchange *exchange)
{
	struct coap_env *env = exchange->env;
	assert(env);
	exchange->next = env->owed;
	exchange->link = &env->owed;
	if (env->owed)
		env->owed->link = &exchange->next;
	env->owed = exchange;
	env->n_owed++;
	exchange->peer->n_owed++;
	coap_session_reference(exchange->peer->session);
}

static void set_acknowledged(struct coap_exchange *exchange)
{
	if (exchange->unacknowledged)
		exchange->env->n_unacknowledged--;
	exchange->unacknowledged = false;
}

/* libcoap sends nothing for an empty response that is not an acknowledgement. */
static void hold_acknowledgement(struct coap_exchange *exchange, coap_pdu_t *response)
{
	if (!exchange->request.confirmable)
		return;
	coap_pdu_set_type(response, COAP_MESSAGE_NON);
	exchange->unacknowledged = true;
	if (exchange->env->n_unacknowledged++ == 0)
		su_timer_set(exchange->env->acknowledge, ACKNOWLEDGE_AFTER_MS);
}

static void acknowledge_empty(struct coap_exchange *exchange)
{
	coap_session_t *session = exchange->peer->session;
	coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_ACK, 0, exchange->request.mid, 0);
	set_acknowledged(exchange);
	if (pdu)
		coap_send(session, pdu);
}

static void acknowledge_old(void *arg)
{
	const struct coap_env *env = arg;
	int64_t now_ms = su_clock_wall_ms();
	for (struct coap_exchange *owed = env->owed; owed; owed = owed->next)
		if (owed->unacknowledged && llabs(now_ms - owed->now_ms) >= ACKNOWLEDGE_AFTER_MS)
			acknowledge_empty(owed);
	if (env->n_unacknowledged > 0)
		su_timer_set(env->acknowledge, ACKNOWLEDGE_AFTER_MS);
}

static void let_go(void *arg)
{
	struct coap_env *env = arg;
	env->gathers = false;
	coap_datagrams_release();
}

/* Many answers are given in one turn of the loop, when a batch of writes is done: they leave together. */
static void gather(struct coap_env *env)
{
	if (env->gathers)
		return;
	env->gathers = true;
	coap_datagrams_hold();
	su_timer_set(env->let_go, 0);
}

void coap_exchange_begin_all(struct coap_env *env)
{
	env->acknowledge = su_timer_new(env->loop, acknowledge_old, env);
	env->let_go = su_timer_new(env->loop, let_go, env);
}

static void end_owing(struct coap_exchange *exchange)
{
	assert(exchange->env);
	set_acknowledged(exchange);
	*exchange->link = exchange->next;
	if (exchange->next)
		exchange->next->link = exchange->link;
	exchange->env->n_owed--;
	exchange->peer->n_owed--;
	coap_session_release(exchange->peer->session);
	exchange->env = NULL;
	exchange->peer = NULL;
}

void coap_exchange_abandon_all(struct coap_env *env)
{
	while (env->owed)
		end_owing(env->owed);
	if (env->gathers)
		let_go(env);
	su_timer_free(&env->acknowledge);
	su_timer_free(&env->let_go);
}

static struct coap_exchange *find_owed(const struct coap_env *env, const struct coap_exchange *like)
{
	struct coap_exchange *owed = like->peer->n_owed > 0 ? env->owed : NULL;
	while (owed && (owed->peer != like->peer || owed->request.mid != like->request.mid ||
			       !su_span_equal(owed->request.token, like->request.token)))
		owed = owed->next;
	return owed;
}

/* Peer, message ID and token: a repetition has all of them. */
static struct su_span recent_key(const struct coap_exchange *exchange)
{
	const coap_address_t *remote = coap_session_get_addr_remote(exchange->peer->session);
	struct su_buf key = { 0 };
	uint16_t mid = (uint16_t)exchange->request.mid;
	if (remote->addr.sa.sa_family == AF_INET6) {
		su_buf_append(&key, &remote->addr.sin6.sin6_addr, sizeof(struct in6_addr));
		su_buf_append(&key, &remote->addr.sin6.sin6_port, sizeof(in_port_t));
	} else {
		su_buf_append(&key, &remote->addr.sin.sin_addr, sizeof(struct in_addr));
		su_buf_append(&key, &remote->addr.sin.sin_port, sizeof(in_port_t));
	}
	su_buf_append(&key, &mid, sizeof(mid));
	su_buf_append_byte(&key, (uint8_t)coap_session_get_proto(exchange->peer->session));
	su_buf_append_span(&key, exchange->request.token);
	struct su_span copy = su_arena_copy(exchange->arena, su_buf_span(&key));
	su_buf_free(&key);
	return copy;
}

static void remember(const struct coap_exchange *exchange, const struct coap_answer *answer)
{
	struct coap_recent_answer recent = { .code = answer->code };
	if (exchange->request.method == COAP_REQUEST_CODE_GET ||
		answer->code == COAP_RESPONSE_CODE_CONTINUE)
		return;
	if (answer->location[1])
		snprintf(recent.location, sizeof(recent.location), "%s", answer->location[1]);
	coap_recent_put(exchange->env->recent, recent_key(exchange), &recent, exchange->now_ms);
}

static bool is_unwanted(const struct coap_request *request, unsigned code)
{
	return request->no_response & 1U << (COAP_RESPONSE_CLASS(code) - 1);
}

/* The acknowledgement that was held back is the message to answer with, if there is one. */
static coap_pdu_t *new_message(struct coap_exchange *exchange, unsigned code)
{
	struct coap_peer *peer = exchange->peer;
	const struct coap_request *request = &exchange->request;
	size_t room = coap_session_max_pdu_size(peer->session);
	coap_pdu_code_t pdu_code = (coap_pdu_code_t)code;
	if (exchange->unacknowledged)
		return coap_pdu_init(COAP_MESSAGE_ACK, pdu_code, request->mid, room);
	bool confirmable = request->confirmable && coap_peer_may_confirm(peer, su_clock_mono_ms());
	return coap_pdu_init(confirmable ? COAP_MESSAGE_CON : COAP_MESSAGE_NON, pdu_code,
		coap_new_message_id(peer->session), room);
}

static void send_later(struct coap_exchange *exchange, const struct coap_answer *answer)
{
	const struct coap_request *request = &exchange->request;
	gather(exchange->env);
	if (is_unwanted(request, answer->code)) {
		if (exchange->unacknowledged)
			acknowledge_empty(exchange);
		return;
	}
	coap_pdu_t *pdu = new_message(exchange, answer->code);
	if (!pdu)
		return;
	if (coap_add_token(pdu, request->token.len, request->token.data) &&
		coap_reply_write(pdu, answer))
		coap_send(exchange->peer->session, pdu);
	else
		coap_delete_pdu(pdu);
}

void coap_exchange_answer(struct coap_exchange *exchange, const struct coap_answer *answer)
{
	if (!exchange->peer) { /* abandoned */
		free_exchange(exchange);
		return;
	}
	struct coap_answer full = *answer;
	if (exchange->request.block1.given && !full.block1.given) {
		full.block1 = exchange->request.block1;
		full.block1.more = full.code == COAP_RESPONSE_CODE_CONTINUE;
	}
	exchange->answered = true;
	remember(exchange, &full);
	if (exchange->contact.endpoint && COAP_RESPONSE_CLASS(full.code) == 2)
		coap_channel_note(exchange->env->channel, exchange->contact.endpoint,
			exchange->peer, exchange->now_ms);
	if (exchange->response) {
		coap_pdu_set_code(exchange->response, (coap_pdu_code_t)full.code);
		(void)coap_reply_write(exchange->response, &full);
		return;
	}
	send_later(exchange, &full);
	end_owing(exchange);
	free_exchange(exchange);
}

static bool answer_again(struct coap_exchange *exchange)
{
	if (exchange->request.method == COAP_REQUEST_CODE_GET)
		return false;
	const struct coap_recent_answer *recent =
		coap_recent_find(exchange->env->recent, recent_key(exchange), exchange->now_ms);
	if (!recent)
		return false;
	struct coap_answer answer = COAP_ANSWER(recent->code);
	if (recent->location[0]) {
		answer.location[0] = "rd";
		answer.location[1] = recent->location;
	}
	coap_exchange_answer(exchange, &answer);
	return true;
}

static void serve_new(struct coap_exchange *exchange, void (*serve)(struct coap_exchange *exchange))
{
	if (answer_again(exchange))
		return;
	if (exchange->env->n_owed >= MAX_OWED || exchange->peer->n_owed >= MAX_OWED_TO_PEER)
		coap_exchange_answer_text(exchange, COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE,
			"too many requests wait for an answer");
	else
		serve(exchange);
}

void coap_exchange_run(struct coap_env *env, struct coap_peer *peer, const coap_pdu_t *request,
	coap_pdu_t *response, void (*serve)(struct coap_exchange *exchange))
{
	struct coap_exchange *exchange = new_exchange(env, peer, response);
	struct su_error err = { 0 };
	unsigned fault = coap_request_parse(request, exchange->arena, &exchange->request, &err);
	struct coap_exchange *owed = fault == 0 ? find_owed(env, exchange) : NULL;
	if (owed) { /* sent again: it is being worked on, which libcoap tells by an empty response */
		set_acknowledged(owed);
		free_exchange(exchange);
		return;
	}
	if (fault != 0)
		coap_exchange_answer_text(exchange, fault, err.text);
	else
		serve_new(exchange, serve);
	exchange->response = NULL;
	if (exchange->answered) {
		free_exchange(exchange);
		return;
	}
	begin_owing(exchange);
	hold_acknowledgement(exchange, response);
}

bool coap_exchange_identify(struct coap_exchange *exchange, bool endpoint_optional)
{
	struct coap_peer *peer = exchange->peer;
	struct su_error err = { 0 };
	char address[COAP_PEER_ADDRESS_SIZE];
	coap_peer_address(peer, address);
	exchange->contact = (struct contact){
		.transport = coap_peer_transport(peer),
		.address = su_arena_strdup(exchange->arena, address),
		.now_ms = exchange->now_ms,
	};
	bool secure = exchange->contact.transport == TRANSPORT_COAPS;
	struct device_claim claim = {
		.endpoint = coap_request_query(&exchange->request, "ep"),
		.identity = secure && !peer->identity ? "" : peer->identity,
		.generation = peer->generation,
		.endpoint_optional = endpoint_optional,
	};
	if (device_front_identify(exchange->env->devices, &claim, &exchange->contact, &err) ==
		SU_OK) {
		exchange->contact.endpoint =
			su_arena_strdup(exchange->arena, exchange->contact.endpoint);
		return true;
	}
	coap_exchange_answer_error(exchange, &err);
	return false;
}

void coap_exchange_answer_code(struct coap_exchange *exchange, unsigned code)
{
	coap_exchange_answer(exchange, &COAP_ANSWER(code));
}

void coap_exchange_answer_text(struct coap_exchange *exchange, unsigned code, const char *text)
{
	struct coap_answer answer = COAP_ANSWER(code);
	answer.payload = su_span_str(text);
	if (code == COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE)
		answer.max_age_s = RETRY_AFTER_S;
	coap_exchange_answer(exchange, &answer);
}

void coap_exchange_answer_error(struct coap_exchange *exchange, const struct su_error *err)
{
	unsigned code = coap_reply_code(err->status);
	if (code == COAP_RESPONSE_CODE_INTERNAL_ERROR) {
		su_log(SU_LOG_ERROR, "a device request failed", SU_STR("reason", err->text));
		coap_exchange_answer_text(exchange, code, "internal error");
		return;
	}
	char *text = su_arena_printf(
		exchange->arena, "%s%s%s", err->field, err->field[0] ? ": " : "", err->text);
	coap_exchange_answer_text(exchange, code, text);
}

void coap_exchange_answer_changed(void *exchange, const struct su_error *err)
{
	if (err)
		coap_exchange_answer_error(exchange, err);
	else
		coap_exchange_answer_code(exchange, COAP_RESPONSE_CODE_CHANGED);
}

void coap_exchange_answer_content(
	struct coap_exchange *exchange, const struct coap_content *content)
{
	struct coap_answer answer;
	struct su_error err = { 0 };
	unsigned code = coap_reply_choose(&exchange->request, content, &answer, &err);
	if (code != 0)
		coap_exchange_answer_text(exchange, code, err.text);
	else
		coap_exchange_answer(exchange, &answer);
}
