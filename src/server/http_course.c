/* SPDX-License-Identifier: Apache-2.0 */
/* From phase to phase. */
#include "server/http_course.h"

#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "server/http_feed.h"
#include "server/http_gate.h"
#include "server/http_hold.h"
#include "server/http_routes.h"
#include "server/http_send.h"

/* So much of a refused body is read and thrown away, to keep the connection or to let the client
 * read its reply; beyond it the connection is closed. */
#define MAX_DISCARD_BYTES          ((uint64_t)1024 * 1024)
#define DISCARD_BEFORE_REPLY_BYTES ((uint64_t)64 * 1024)

static void run_lookup(void *arg, void *thread_context)
{
	struct http_exchange *exchange = arg;
	struct su_error err = { 0 };
	if (auth_lookup(thread_context, exchange->call.arena, exchange->token_hash,
		    &exchange->token, &err) != SU_OK)
		http_gate_refuse_token(exchange, &err);
}

static void on_lookup_done(void *arg)
{
	struct http_exchange *exchange = arg;
	if (!exchange->call.reply.status)
		auth_remember(exchange->front->auth, exchange->token_hash, &exchange->token,
			su_clock_mono_ms());
	http_exchange_continue(
		exchange, exchange->call.reply.status ? HTTP_PHASE_REPLY : HTTP_PHASE_TOKEN);
}

static enum http_phase open_gate(struct http_exchange *exchange)
{
	if (!http_gate_open(exchange))
		return HTTP_PHASE_REPLY;
	if (!http_gate_asks_token(exchange))
		return HTTP_PHASE_ADMITTED;
	if (!http_gate_read_token(exchange))
		return HTTP_PHASE_REPLY;
	if (auth_recall(exchange->front->auth, exchange->token_hash, su_clock_mono_ms(),
		    exchange->call.arena, &exchange->token))
		return HTTP_PHASE_TOKEN;
	return http_exchange_submit(exchange, run_lookup, on_lookup_done) ? HTTP_PHASE_HEADERS
									  : HTTP_PHASE_REPLY;
}

/* Goes on until the connection waits or the headers are dealt with. */
static void advance_headers(struct http_exchange *exchange)
{
	if (exchange->phase == HTTP_PHASE_HEADERS)
		exchange->phase = open_gate(exchange);
	if (exchange->suspended)
		return;
	if (exchange->phase == HTTP_PHASE_TOKEN)
		exchange->phase =
			http_gate_judge_token(exchange) ? HTTP_PHASE_ADMITTED : HTTP_PHASE_REPLY;
	if (exchange->phase != HTTP_PHASE_ADMITTED)
		return;
	exchange->phase = HTTP_PHASE_BODY;
	if (exchange->call.route->body == HTTP_BODY_STREAM)
		http_feed_begin(exchange);
}

/*
 * libmicrohttpd takes a read that does not fill its buffer for the last one before the next event. An
 * end of the stream that came before that read sends no event: the connection is made to look again.
 */
static void look_for_end(struct http_exchange *exchange)
{
	struct pollfd socket = { .fd = http_exchange_socket(exchange), .events = POLLRDHUP };
	if (exchange->suspended || poll(&socket, 1, 0) != 1)
		return;
	http_exchange_set_suspended(exchange, true);
	http_exchange_set_suspended(exchange, false);
}

static void refuse_long_body(struct http_exchange *exchange)
{
	http_reply_problem(&exchange->call, MHD_HTTP_CONTENT_TOO_LARGE,
		"the body may have %" PRIu64 " bytes", http_gate_max_body(exchange));
	exchange->phase = HTTP_PHASE_REPLY;
	http_feed_drop(exchange);
	su_buf_free(&exchange->body);
}

static void take_body(struct http_exchange *exchange, const char *data, size_t *size)
{
	size_t before = *size;
	if (exchange->received_bytes + before > http_gate_max_body(exchange)) {
		refuse_long_body(exchange);
		return;
	}
	if (exchange->call.route->body == HTTP_BODY_STREAM) {
		http_feed_take(exchange, data, size);
		look_for_end(exchange);
	} else {
		su_buf_append(&exchange->body, data, before);
		*size = 0;
	}
	exchange->received_bytes += before - *size;
}

static bool parse_json(struct http_exchange *exchange)
{
	struct http_call *call = &exchange->call;
	json_error_t fault = { 0 };
	if (call->route->body != HTTP_BODY_JSON)
		return true;
	if (call->body.len == 0)
		exchange->json = json_object();
	else
		exchange->json = json_loadb((const char *)call->body.data, call->body.len,
			JSON_REJECT_DUPLICATES, &fault);
	call->json = exchange->json;
	if (json_is_object(call->json))
		return true;
	if (call->json)
		http_reply_problem(call, MHD_HTTP_BAD_REQUEST, "the body must be a JSON object");
	else
		http_reply_problem(call, MHD_HTTP_BAD_REQUEST,
			"the body is not JSON: line %d, column %d: %s", fault.line, fault.column,
			fault.text);
	return false;
}

static void run_work(void *arg, void *thread_context)
{
	struct http_exchange *exchange = arg;
	struct http_call *call = &exchange->call;
	struct su_error err = { 0 };
	if (!parse_json(exchange))
		return;
	call->conn = thread_context;
	call->now_ms = su_clock_wall_ms();
	if (call->route->work(call, &err) != SU_OK)
		http_reply_error(call, &err);
	call->release_news = store_conn_take_news(call->conn, call->arena);
}

static void on_work_done(void *arg)
{
	struct http_exchange *exchange = arg;
	exchange->call.conn = NULL;
	http_exchange_continue(exchange, HTTP_PHASE_REPLY);
}

static void call_on_loop(struct http_exchange *exchange)
{
	if (!parse_json(exchange)) {
		exchange->phase = HTTP_PHASE_REPLY;
		return;
	}
	exchange->references++;
	exchange->phase = HTTP_PHASE_HANDLER;
	exchange->call.route->handler(&exchange->call);
	if (exchange->phase == HTTP_PHASE_HANDLER)
		http_exchange_set_suspended(exchange, true);
}

static void complete_body(struct http_exchange *exchange)
{
	const struct http_route *route = exchange->call.route;
	exchange->call.body = su_buf_span(&exchange->body);
	if (route->body == HTTP_BODY_STREAM)
		http_feed_end(exchange);
	else if (route->handler)
		call_on_loop(exchange);
	else if (http_exchange_submit(exchange, run_work, on_work_done))
		exchange->phase = HTTP_PHASE_HANDLER;
}

/* A client that waits for "100 Continue", or has much to send, is told before it sends. */
static bool refuse_at_once(const struct http_exchange *exchange)
{
	if (exchange->announced_bytes == 0)
		return false; /* a reply before the end of a request would close the connection */
	return http_call_header(&exchange->call, MHD_HTTP_HEADER_EXPECT) ||
	       exchange->announced_bytes > DISCARD_BEFORE_REPLY_BYTES;
}

static enum MHD_Result send_early_reply(struct http_exchange *exchange)
{
	int fd = http_exchange_socket(exchange);
	if (fd >= 0)
		http_linger_keep(exchange->front->linger, fd);
	return http_send_reply(exchange);
}

enum MHD_Result http_course_step(struct http_exchange *exchange, const char *data, size_t *size)
{
	/* libmicrohttpd may come with the next chunk although the last one suspended the connection. */
	if (exchange->suspended)
		return MHD_YES;
	if (exchange->in_headers) {
		advance_headers(exchange);
		if (exchange->suspended)
			return MHD_YES;
		exchange->in_headers = false;
		if (exchange->phase == HTTP_PHASE_REPLY && refuse_at_once(exchange))
			return send_early_reply(exchange);
		return MHD_YES;
	}
	bool is_end = *size == 0;
	if (exchange->phase == HTTP_PHASE_BODY && is_end)
		complete_body(exchange);
	else if (exchange->phase == HTTP_PHASE_BODY)
		take_body(exchange, data, size);
	if (exchange->phase != HTTP_PHASE_REPLY || exchange->suspended)
		return MHD_YES;
	if (is_end)
		return http_send_reply(exchange);
	exchange->discarded_bytes += *size;
	*size = 0;
	return exchange->discarded_bytes > MAX_DISCARD_BYTES ? MHD_NO : MHD_YES;
}

void http_course_leave(struct http_exchange *exchange, bool complete)
{
	http_hold_leave(exchange, complete);
	exchange->connection = NULL;
	exchange->suspended = false;
	if (exchange->peer)
		limits_completed(exchange->peer->limits);
	if (exchange->references == 1) /* else the job that is under way cuts the stream */
		http_feed_drop(exchange);
	http_exchange_release(exchange);
}
