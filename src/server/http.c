/* SPDX-License-Identifier: Apache-2.0 */
/* Start and stop of the HTTP front end. */
#include "server/http.h"

#include <signal.h>
#include <stdlib.h>

#include "base/memory.h"
#include "server/http_exchange.h"
#include "server/http_listener.h"

#define DEFAULT_MAX_BODY_BYTES     ((size_t)1024 * 1024)
#define DEFAULT_MAX_IMAGE_BYTES    ((uint64_t)8 << 30)
#define DEFAULT_UPLOAD_LIFETIME_MS (INT64_C(24) * 3600 * 1000)
#define DEFAULT_MAX_CONNECTIONS    4096
#define DEFAULT_IDLE_TIMEOUT_MS    60000
#define DEFAULT_MIN_PROGRESS_BYTES 256
#define DEFAULT_COMMAND_TIMEOUT_MS 60000

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
	http->front = http_front_new(&opts);
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
	http_front_close_channel(front);
	for (size_t i = 0; i < (*http)->n_listeners; i++)
		http_listener_flush(&(*http)->listeners[i]);
	/* What waits is woken, or its connection could not be closed. */
	for (struct http_exchange *exchange = front->exchanges; exchange; exchange = exchange->next)
		http_exchange_set_suspended(exchange, false);
	for (size_t i = 0; i < (*http)->n_listeners; i++)
		http_listener_stop(&(*http)->listeners[i]);
	free(*http);
	*http = NULL;
	http_front_stop(front);
}

void http_on_notify(struct http *http, enum notify_topic topic, const char *payload)
{
	(void)payload;
	if (topic == NOTIFY_TOKEN || topic == NOTIFY_EVERYTHING)
		auth_forget_all(http->front->auth);
}
