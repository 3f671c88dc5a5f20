/* SPDX-License-Identifier: Apache-2.0 */
/* Start and stop of the HTTP front end. */
#include "server/http.h"

#include <signal.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "server/device_front.h"
#include "server/http_channel.h"
#include "server/http_exchange.h"
#include "server/http_front.h"
#include "server/http_upload_purge.h"

#define DEFAULT_MAX_BODY_BYTES     ((size_t)1024 * 1024)
#define DEFAULT_MAX_IMAGE_BYTES    ((uint64_t)8 << 30)
#define DEFAULT_UPLOAD_LIFETIME_MS (INT64_C(24) * 3600 * 1000)
#define DEFAULT_MAX_CONNECTIONS    4096
#define DEFAULT_IDLE_TIMEOUT_MS    60000
#define DEFAULT_MIN_PROGRESS_BYTES 256
#define DEFAULT_COMMAND_TIMEOUT_MS 60000
#define PURGE_INTERVAL_MS          (10 * 60 * 1000)
#define MAX_COMMANDS               256 /* under way at the same time */
#define REPLACED_MS                1000
#define GRACE_MS                   2000

struct http {
	struct http_front *front;
	size_t n_listeners;
	struct http_listener listeners[];
};

static struct http_opts with_defaults(const struct http_opts *given)
{
	struct http_opts opts = *given;
	if (!opts.env.max_body_bytes)
		opts.env.max_body_bytes = DEFAULT_MAX_BODY_BYTES;
	if (!opts.env.max_image_bytes)
		opts.env.max_image_bytes = DEFAULT_MAX_IMAGE_BYTES;
	if (!opts.env.upload_lifetime_ms)
		opts.env.upload_lifetime_ms = DEFAULT_UPLOAD_LIFETIME_MS;
	if (!opts.max_connections)
		opts.max_connections = DEFAULT_MAX_CONNECTIONS;
	if (!opts.max_connections_per_address)
		opts.max_connections_per_address = opts.max_connections / 4;
	if (!opts.idle_timeout_ms)
		opts.idle_timeout_ms = DEFAULT_IDLE_TIMEOUT_MS;
	if (!opts.min_progress_bytes)
		opts.min_progress_bytes = DEFAULT_MIN_PROGRESS_BYTES;
	if (!opts.command_timeout_ms)
		opts.command_timeout_ms = DEFAULT_COMMAND_TIMEOUT_MS;
	return opts;
}

static void sweep_limits(void *arg)
{
	struct http_front *front = arg;
	int64_t wait_ms = limits_sweep(front->limits, su_clock_mono_ms());
	atomic_store_explicit(
		&front->stats.cut_connections, limits_n_cut(front->limits), memory_order_relaxed);
	front->sweeping = wait_ms >= 0;
	if (front->sweeping)
		su_timer_set(front->sweep, wait_ms);
}

static void purge_uploads(void *arg)
{
	struct http_front *front = arg;
	http_upload_purge_submit(front->env.work, front->env.blobs);
	su_timer_set(front->purge, PURGE_INTERVAL_MS);
}

void http_front_watch_limits(struct http_front *front)
{
	if (!front->sweeping)
		sweep_limits(front);
}

static void on_reach(void *arg, const char *endpoint, int64_t now_ms)
{
	const struct http_front *front = arg;
	tracker_in_reach(device_front_tracker(front->env.devices), endpoint, now_ms);
}

/* A quarter of the connections is left to requests that do not wait. */
static void open_channel(struct http_front *front, const struct http_opts *opts)
{
	front->env.commands = http_channel_new(&(struct http_channel_opts){
		.loop = front->env.loop,
		.max_waits = opts->max_connections - opts->max_connections / 4,
		.max_commands = MAX_COMMANDS,
		.waiting = &front->stats.waiting,
		.replaced_ms = REPLACED_MS,
		.silence_ms = opts->command_timeout_ms,
		.grace_ms = GRACE_MS,
		.on_reach = on_reach,
		.arg = front,
	});
	if (!front->env.devices)
		return;
	const struct channel channel = http_channel_of(front->env.commands);
	tracker_add_channel(device_front_tracker(front->env.devices), &channel);
}

static void close_channel(struct http_front *front)
{
	if (front->env.devices)
		tracker_remove_channel(
			device_front_tracker(front->env.devices), front->env.commands);
	http_channel_stop(front->env.commands);
}

static struct http_front *front_new(const struct http_opts *opts)
{
	struct http_front *front = su_new(struct http_front);
	const struct limits_opts limits = {
		.max_per_address = opts->max_connections_per_address,
		.idle_ms = opts->idle_timeout_ms,
		.min_progress_bytes = opts->min_progress_bytes,
		.bytes_moved = limits_tcp_bytes_moved,
		.cut = limits_tcp_cut,
	};
	front->env = opts->env;
	front->env.stats = &front->stats;
	front->auth = auth_memory_new();
	front->limits = limits_new(&limits);
	front->linger = http_linger_new(front->env.loop);
	front->sweep = su_timer_new(front->env.loop, sweep_limits, front);
	front->purge = su_timer_new(front->env.loop, purge_uploads, front);
	su_timer_set(front->purge, PURGE_INTERVAL_MS);
	open_channel(front, opts);
	return front;
}

void http_front_free_when_done(struct http_front *front)
{
	if (!front->stopped || front->exchanges)
		return;
	http_channel_free(&front->env.commands);
	auth_memory_free(&front->auth);
	limits_free(&front->limits);
	su_arena_free(&front->spare);
	free(front);
}

enum su_status http_start(const struct http_opts *given, struct http **out, struct su_error *err)
{
	struct http_opts opts = with_defaults(given);
	*out = NULL;
	if (!opts.certificate_pem != !opts.key_pem)
		return su_fail(err, SU_INVALID, opts.key_pem ? "certificate" : "key",
			"certificate and key are needed together");
	/* Without this libmicrohttpd could not use sendfile. */
	signal(SIGPIPE, SIG_IGN);
	struct http *http =
		su_new_bytes(sizeof(*http) + opts.n_listen * sizeof(http->listeners[0]));
	http->front = front_new(&opts);
	for (size_t i = 0; i < opts.n_listen; i++) {
		enum su_status status = http_listener_start(&http->listeners[http->n_listeners++],
			http->front, &opts, &opts.listen[i], err);
		if (status != SU_OK) {
			http_stop(&http);
			return status;
		}
	}
	*out = http;
	return SU_OK;
}

void http_stop(struct http **http)
{
	if (!http || !*http)
		return;
	struct http_front *front = (*http)->front;
	close_channel(front);
	for (size_t i = 0; i < (*http)->n_listeners; i++)
		http_listener_flush(&(*http)->listeners[i]);
	for (struct http_exchange *exchange = front->exchanges; exchange; exchange = exchange->next)
		http_exchange_abandon(exchange);
	for (size_t i = 0; i < (*http)->n_listeners; i++)
		http_listener_stop(&(*http)->listeners[i]);
	http_linger_free(&front->linger);
	su_timer_free(&front->sweep);
	su_timer_free(&front->purge);
	free(*http);
	*http = NULL;
	front->stopped = true;
	http_front_free_when_done(front);
}

void http_on_notify(struct http *http, enum notify_topic topic, const char *payload)
{
	(void)payload;
	if (topic == NOTIFY_TOKEN || topic == NOTIFY_EVERYTHING)
		auth_forget_all(http->front->auth);
}
