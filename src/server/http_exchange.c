/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a request. */
#include "server/http_exchange.h"

#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "server/device_front.h"
#include "server/http_feed.h"
#include "server/http_gate.h"
#include "server/http_routes.h"

/* So much of a refused body is read and thrown away, to keep the connection or to let the client
 * read its reply; beyond it the connection is closed. */
#define MAX_DISCARD_BYTES          ((uint64_t)1024 * 1024)
#define DISCARD_BEFORE_REPLY_BYTES ((uint64_t)64 * 1024)

struct header_reading {
	struct http_pair *pairs;
	size_t n;
};

static enum MHD_Result read_header(
	void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
	(void)kind;
	struct header_reading *reading = arg;
	reading->pairs[reading->n++] = (struct http_pair){ name, value ? value : "" };
	return MHD_YES;
}

/* Copies: a worker may still look at them when the connection is closed at the end of the daemon. */
static void read_headers(struct http_exchange *exchange)
{
	struct http_call *call = &exchange->call;
	int n = MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, NULL, NULL);
	struct header_reading reading = { .pairs = su_arena_array(call->arena, (size_t)n + 1,
						  sizeof(struct http_pair)) };
	MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, read_header, &reading);
	for (size_t i = 0; i < reading.n; i++) {
		struct http_pair *pair = &reading.pairs[i];
		pair->name = su_arena_strdup(call->arena, pair->name);
		pair->value = su_arena_strdup(call->arena, pair->value);
	}
	call->headers = reading.pairs;
	call->n_headers = reading.n;
}

/* libmicrohttpd has refused what is not a number already. */
static uint64_t announced_bytes(const struct http_call *call)
{
	const char *length = http_call_header(call, MHD_HTTP_HEADER_CONTENT_LENGTH);
	if (http_call_header(call, MHD_HTTP_HEADER_TRANSFER_ENCODING))
		return HTTP_BYTES_UNKNOWN;
	return length ? strtoull(length, NULL, 10) : 0;
}

static void link_exchange(struct http_exchange *exchange)
{
	struct http_front *front = exchange->front;
	exchange->next = front->exchanges;
	if (front->exchanges)
		front->exchanges->previous = exchange;
	front->exchanges = exchange;
}

static void unlink_exchange(struct http_exchange *exchange)
{
	struct http_front *front = exchange->front;
	*(exchange->previous ? &exchange->previous->next : &front->exchanges) = exchange->next;
	if (exchange->next)
		exchange->next->previous = exchange->previous;
}

static struct su_arena *take_arena(struct http_front *front)
{
	struct su_arena *arena = front->spare ? front->spare : su_arena_new();
	front->spare = NULL;
	return arena;
}

static void give_arena_back(struct http_front *front, struct su_arena *arena)
{
	if (front->spare) {
		su_arena_free(&arena);
		return;
	}
	su_arena_reset(arena);
	front->spare = arena;
}

struct http_exchange *http_exchange_new(struct http_listener *listener,
	struct MHD_Connection *connection, const char *path, const char *method)
{
	struct http_exchange *exchange = su_new(struct http_exchange);
	struct http_call *call = &exchange->call;
	const union MHD_ConnectionInfo *peer =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	exchange->front = listener->front;
	exchange->listener = listener;
	exchange->connection = connection;
	exchange->peer = peer ? peer->socket_context : NULL;
	exchange->references = 1;
	exchange->in_headers = true;
	call->arena = take_arena(exchange->front);
	call->env = &listener->front->env;
	call->path = su_arena_strdup(call->arena, path);
	call->address =
		exchange->peer ? su_arena_strdup(call->arena, exchange->peer->address) : "unknown";
	call->secure = listener->secure;
	call->is_head = !strcmp(method, MHD_HTTP_METHOD_HEAD);
	call->now_ms = su_clock_wall_ms();
	call->reply.fd = -1;
	exchange->method = su_arena_strdup(call->arena, method);
	read_headers(exchange);
	exchange->announced_bytes = announced_bytes(call);
	link_exchange(exchange);
	return exchange;
}

static void drop_reference(struct http_exchange *exchange)
{
	struct http_front *front = exchange->front;
	if (--exchange->references)
		return;
	http_feed_drop(exchange);
	if (exchange->references)
		return; /* until the stream is cut */
	unlink_exchange(exchange);
	json_decref(exchange->json);
	su_buf_free(&exchange->body);
	free(exchange->call.reply.text);
	su_close_fd(&exchange->call.reply.fd);
	give_arena_back(front, exchange->call.arena);
	free(exchange);
	http_front_free_when_done(front);
}

int http_exchange_socket(const struct http_exchange *exchange)
{
	if (!exchange->connection)
		return -1;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	return info ? info->connect_fd : -1;
}

static void set_suspended(struct http_exchange *exchange, bool suspended)
{
	if (!exchange->connection || exchange->suspended == suspended)
		return;
	exchange->suspended = suspended;
	if (exchange->peer)
		limits_pause(exchange->peer->limits, suspended);
	if (suspended) {
		MHD_suspend_connection(exchange->connection);
	} else {
		MHD_resume_connection(exchange->connection);
		http_listener_kick(exchange->listener);
	}
}

bool http_exchange_submit(struct http_exchange *exchange,
	void (*run)(void *arg, void *thread_context), void (*done)(void *arg))
{
	struct su_job job = { run, done, exchange };
	if (su_work_submit(exchange->front->env.work, job) == SU_OK) {
		exchange->references++;
		set_suspended(exchange, true);
		return true;
	}
	struct su_error err;
	su_fail(&err, SU_BUSY, "", "too many requests are waiting");
	http_reply_error(&exchange->call, &err);
	exchange->phase = HTTP_PHASE_REPLY;
	return false;
}

/* Notifications of the database would tell it too, but later: the caller may count on it at once. */
static void forget_what_changed(struct http_exchange *exchange)
{
	const struct http_call *call = &exchange->call;
	struct http_front *front = exchange->front;
	if (call->tokens_changed)
		auth_forget_all(front->auth);
	if (front->stopped || !front->env.devices)
		return;
	struct tracker *tracker = device_front_tracker(front->env.devices);
	for (char *items = call->release_news; items;)
		tracker_on_notify(tracker, NOTIFY_RELEASE, strsep(&items, "\n"));
	if (call->device_changed)
		tracker_on_notify(tracker, NOTIFY_DEVICE, call->device_changed);
}

void http_exchange_continue(struct http_exchange *exchange, enum http_phase phase)
{
	forget_what_changed(exchange);
	http_hold_end_watch(&exchange->hold);
	exchange->phase = phase;
	set_suspended(exchange, false);
	drop_reference(exchange);
}

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
	set_suspended(exchange, true);
	set_suspended(exchange, false);
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
		set_suspended(exchange, true);
}

void http_exchange_finish(struct http_call *call)
{
	http_exchange_continue((struct http_exchange *)(void *)call, HTTP_PHASE_REPLY);
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

static struct MHD_Response *response_of(struct http_exchange *exchange)
{
	struct http_reply *reply = &exchange->call.reply;
	struct MHD_Response *response;
	if (reply->fd >= 0) {
		response = MHD_create_response_from_fd_at_offset64(
			reply->file_bytes, reply->fd, reply->file_offset);
		if (response)
			reply->fd = -1;
		return response;
	}
	if (!reply->text)
		return MHD_create_response_from_buffer(reply->bytes.len,
			(void *)(uintptr_t)reply->bytes.data, MHD_RESPMEM_PERSISTENT);
	response = MHD_create_response_from_buffer(
		strlen(reply->text), reply->text, MHD_RESPMEM_MUST_FREE);
	if (response)
		reply->text = NULL;
	return response;
}

static void add_headers(struct MHD_Response *response, const struct http_reply *reply)
{
	bool has_type = false;
	for (size_t i = 0; i < reply->n_headers; i++)
		has_type |= !strcasecmp(reply->headers[i].name, MHD_HTTP_HEADER_CONTENT_TYPE);
	if (reply->content_type && !has_type)
		MHD_add_response_header(
			response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->content_type);
	for (size_t i = 0; i < reply->n_headers; i++)
		MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value);
}

static enum MHD_Result send_reply(struct http_exchange *exchange)
{
	struct http_reply *reply = &exchange->call.reply;
	if (!reply->status)
		http_reply_problem(&exchange->call, MHD_HTTP_INTERNAL_SERVER_ERROR,
			"this request was not answered");
	struct MHD_Response *response = response_of(exchange);
	if (!response)
		return MHD_NO;
	add_headers(response, reply);
	http_log_reply(&exchange->front->log, &exchange->call, exchange->method);
	http_stats_add(&exchange->front->stats.replies[reply->status / 100 % 6]);
	enum MHD_Result result = MHD_queue_response(exchange->connection, reply->status, response);
	MHD_destroy_response(response);
	return result;
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
	return send_reply(exchange);
}

enum MHD_Result http_exchange_step(struct http_exchange *exchange, const char *data, size_t *size)
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
		return send_reply(exchange);
	exchange->discarded_bytes += *size;
	*size = 0;
	return exchange->discarded_bytes > MAX_DISCARD_BYTES ? MHD_NO : MHD_YES;
}

void http_exchange_leave(struct http_exchange *exchange, bool complete)
{
	http_hold_end_watch(&exchange->hold);
	http_hold_tell_sent(exchange, complete);
	exchange->connection = NULL;
	exchange->suspended = false;
	if (exchange->peer)
		limits_completed(exchange->peer->limits);
	drop_reference(exchange);
}

void http_exchange_abandon(struct http_exchange *exchange)
{
	set_suspended(exchange, false);
}
