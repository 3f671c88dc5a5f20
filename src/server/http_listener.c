/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libmicrohttpd in external epoll mode: its epoll descriptor is watched by the loop, its timeouts
 * are one timer. It must be run after each resume.
 */
#include <fcntl.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "server/http_exchange.h"
#include "server/http_front.h"

/*
 * Holds a request's line and headers; longer ones are refused by libmicrohttpd (414, 431). The
 * longest filter of a list fits in with each byte of it escaped. libmicrohttpd clears all of it after
 * each request, which is what a poll costs most.
 */
#define CONNECTION_MEMORY_BYTES ((size_t)16 * 1024)
#define MAX_ROUNDS_US           200

SU_PRINTF(2, 0) static void on_log(void *arg, const char *fmt, va_list args)
{
	(void)arg;
	char text[256];
	vsnprintf(text, sizeof(text), fmt, args);
	text[strcspn(text, "\r\n")] = '\0';
	su_log(SU_LOG_DEBUG, "libmicrohttpd", SU_STR("text", text));
}

/* Handlers get paths and parameters as sent: what is a slash and what an encoded one is decided
 * where they are split. */
static size_t keep_escapes(void *arg, struct MHD_Connection *connection, char *text)
{
	(void)arg;
	(void)connection;
	return strlen(text);
}

static enum MHD_Result on_accept(void *arg, const struct sockaddr *address, socklen_t len)
{
	(void)len;
	struct http_listener *listener = arg;
	if (limits_admits(listener->front->limits, address))
		return MHD_YES;
	http_stats_add(&listener->front->stats.refused_connections);
	return MHD_NO;
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **context,
	enum MHD_ConnectionNotificationCode code)
{
	struct http_front *front = ((struct http_listener *)arg)->front;
	struct http_peer *peer = *context;
	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		limits_remove(front->limits, &peer->limits);
		free(peer);
		*context = NULL;
		atomic_fetch_sub_explicit(&front->stats.connections, 1, memory_order_relaxed);
		return;
	}
	const union MHD_ConnectionInfo *address =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const union MHD_ConnectionInfo *fd =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	*context = peer = su_new(struct http_peer);
	peer->limits =
		limits_add(front->limits, address->client_addr, fd->connect_fd, su_clock_mono_ms());
	net_address_format(address->client_addr, peer->address);
	http_stats_add(&front->stats.connections);
	http_front_watch_limits(front);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *path,
	const char *method, const char *version, const char *data, size_t *size, void **context)
{
	(void)version;
	if (!*context)
		*context = http_exchange_new(arg, connection, path, method);
	return http_exchange_step(*context, data, size);
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **context,
	enum MHD_RequestTerminationCode code)
{
	(void)arg;
	(void)connection;
	if (*context)
		http_exchange_leave(*context, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
	*context = NULL;
}

/* How long libmicrohttpd may wait, -1: for an event only. */
static int64_t wait_of(const struct http_listener *listener)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;
	if (listener->kicked) /* by one request for the sake of another one */
		return 0;
	if (MHD_get_timeout(listener->daemon, &wait_ms) != MHD_YES)
		return -1;
	return wait_ms > 60000 ? 60000 : (int64_t)wait_ms;
}

/*
 * One round moves at most one piece of each body. A small piece of an upload is worth less than a turn
 * of the loop, so more rounds follow, but others must not wait for long.
 */
static void run(struct http_listener *listener)
{
	int64_t begin_us = su_clock_mono_us(), wait_ms;
	do {
		listener->kicked = false;
		MHD_run(listener->daemon);
		wait_ms = wait_of(listener);
	} while (wait_ms == 0 && su_clock_mono_us() - begin_us < MAX_ROUNDS_US);
	if (wait_ms >= 0)
		su_timer_set(listener->timer, wait_ms);
	else
		su_timer_cancel(listener->timer);
}

static void on_ready(int fd, unsigned events, void *arg)
{
	(void)fd;
	(void)events;
	run(arg);
}

static void on_timer(void *arg)
{
	run(arg);
}

void http_listener_kick(struct http_listener *listener)
{
	listener->kicked = true;
	su_timer_set(listener->timer, 0);
}

static struct MHD_Daemon *start_daemon(
	struct http_listener *listener, const struct http_opts *opts, int fd)
{
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
			 (opts->certificate_pem ? MHD_USE_TLS : 0);
	const struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)opts->certificate_pem },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)opts->key_pem },
		{ MHD_OPTION_END, 0, NULL },
	};
	const struct MHD_OptionItem none = { MHD_OPTION_END, 0, NULL };
	return MHD_start_daemon(flags, 0, on_accept, listener, on_request, listener,
		MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_CONNECTION_TIMEOUT, 0U,
		MHD_OPTION_CONNECTION_LIMIT, opts->max_connections,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY_BYTES,
		MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, listener, MHD_OPTION_NOTIFY_CONNECTION, on_connection, listener,
		MHD_OPTION_ARRAY, opts->certificate_pem ? tls : &none, MHD_OPTION_END);
}

enum su_status http_listener_start(struct http_listener *listener, struct http_front *front,
	const struct http_opts *opts, const struct http_listen *where, struct su_error *err)
{
	struct net_address address;
	int fd su_auto(su_close_fd) = where->fd;
	if (fd < 0) {
		SU_TRY(net_address_parse(where->address, &address, err));
		SU_TRY(net_address_listen(&address, &fd, err));
	}
	/* libmicrohttpd accepts until nothing waits, which must not block. */
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0)
		return su_fail(err, SU_IO, "listen", "socket %d cannot be used", fd);
	listener->front = front;
	listener->secure = opts->certificate_pem != NULL;
	listener->daemon = start_daemon(listener, opts, fd);
	if (!listener->daemon)
		return su_fail(err, SU_INVALID, opts->certificate_pem ? "certificate" : "listen",
			"the HTTP server does not start%s",
			opts->certificate_pem ? ": certificate or key is not usable" : "");
	fd = -1;
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	listener->timer = su_timer_new(front->env.loop, on_timer, listener);
	listener->watch =
		su_watch_new(front->env.loop, info->epoll_fd, SU_LOOP_READ, on_ready, listener);
	http_listener_kick(listener);
	return SU_OK;
}

void http_listener_flush(struct http_listener *listener)
{
	if (listener->daemon)
		MHD_run(listener->daemon);
}

void http_listener_stop(struct http_listener *listener)
{
	if (!listener->daemon)
		return;
	su_watch_free(&listener->watch);
	MHD_stop_daemon(listener->daemon);
	listener->daemon = NULL;
	su_timer_free(&listener->timer);
}
