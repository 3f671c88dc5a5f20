/* SPDX-License-Identifier: Apache-2.0 */
/* What a request is made of, and who has it. */
#include "server/http_exchange.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "server/device_front.h"

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

void http_exchange_release(struct http_exchange *exchange)
{
	struct http_front *front = exchange->front;
	if (--exchange->references)
		return;
	assert(!exchange->streaming);
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

void http_exchange_set_suspended(struct http_exchange *exchange, bool suspended)
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
		http_pump_kick(&exchange->listener->pump);
	}
}

bool http_exchange_submit(struct http_exchange *exchange,
	void (*run)(void *arg, void *thread_context), void (*done)(void *arg))
{
	struct su_job job = { run, done, exchange };
	if (su_work_submit(exchange->front->env.work, job) == SU_OK) {
		exchange->references++;
		http_exchange_set_suspended(exchange, true);
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
	su_watch_free(&exchange->hold.watch);
	exchange->phase = phase;
	http_exchange_set_suspended(exchange, false);
	http_exchange_release(exchange);
}
