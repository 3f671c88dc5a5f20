/* SPDX-License-Identifier: Apache-2.0 */
/* Each function of a stream runs in a job of its own, so a slow client holds no worker. */
#include "server/http_feed.h"

#include <string.h>

#include "base/clock.h"
#include "server/http_routes.h"

#define PIECE_BYTES ((size_t)256 * 1024)

static const struct http_stream *stream_of(const struct http_exchange *exchange)
{
	return exchange->call.route->stream;
}

static void enter_worker(struct http_exchange *exchange, void *thread_context)
{
	exchange->call.conn = thread_context;
	exchange->call.now_ms = su_clock_wall_ms();
}

static void cut(struct http_exchange *exchange)
{
	if (exchange->streaming)
		stream_of(exchange)->cut(&exchange->call);
	exchange->streaming = false;
}

static void run_begin(void *arg, void *thread_context)
{
	struct http_exchange *exchange = arg;
	struct su_error err = { 0 };
	enter_worker(exchange, thread_context);
	exchange->streaming = stream_of(exchange)->begin(&exchange->call, &err) == SU_OK;
	if (!exchange->streaming)
		http_reply_error(&exchange->call, &err);
}

static bool write_piece(struct http_exchange *exchange)
{
	struct su_error err = { 0 };
	struct su_span piece = su_buf_span(&exchange->body);
	if (piece.len && stream_of(exchange)->write(&exchange->call, piece, &err) != SU_OK) {
		http_reply_error(&exchange->call, &err);
		cut(exchange);
		return false;
	}
	su_buf_clear(&exchange->body);
	return true;
}

static void run_write(void *arg, void *thread_context)
{
	enter_worker(arg, thread_context);
	write_piece(arg);
}

static void run_end(void *arg, void *thread_context)
{
	struct http_exchange *exchange = arg;
	struct su_error err = { 0 };
	enter_worker(exchange, thread_context);
	if (!write_piece(exchange))
		return;
	exchange->streaming = false;
	if (stream_of(exchange)->end(&exchange->call, &err) != SU_OK)
		http_reply_error(&exchange->call, &err);
	exchange->call.release_news = store_conn_take_news(thread_context, exchange->call.arena);
}

static void run_cut(void *arg, void *thread_context)
{
	enter_worker(arg, thread_context);
	cut(arg);
}

/* After each job: the stream goes on, or is over. */
static void on_step_done(void *arg)
{
	struct http_exchange *exchange = arg;
	exchange->call.conn = NULL;
	if (!exchange->connection)
		http_feed_drop(exchange);
	http_exchange_continue(exchange, exchange->streaming ? HTTP_PHASE_BODY : HTTP_PHASE_REPLY);
}

void http_feed_begin(struct http_exchange *exchange)
{
	(void)http_exchange_submit(exchange, run_begin, on_step_done);
}

void http_feed_take(struct http_exchange *exchange, const char *data, size_t *size)
{
	size_t room = PIECE_BYTES - exchange->body.len;
	size_t taken = *size < room ? *size : room;
	su_buf_append(&exchange->body, data, taken);
	*size -= taken;
	if (exchange->body.len == PIECE_BYTES &&
		!http_exchange_submit(exchange, run_write, on_step_done))
		http_feed_drop(exchange);
}

void http_feed_end(struct http_exchange *exchange)
{
	if (!http_exchange_submit(exchange, run_end, on_step_done))
		http_feed_drop(exchange);
}

void http_feed_drop(struct http_exchange *exchange)
{
	if (!exchange->streaming)
		return;
	/* With too many jobs waiting, closing a file here is the lesser evil. */
	struct su_job job = { run_cut, on_step_done, exchange };
	exchange->references++;
	if (su_work_submit(exchange->front->env.work, job) == SU_OK)
		return;
	exchange->references--;
	cut(exchange);
}
