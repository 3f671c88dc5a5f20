/* SPDX-License-Identifier: Apache-2.0 */
/* What libmicrohttpd calls: for a connection that comes and goes, for a request, for a line to log. */
#include "server/http_listener.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "server/http_course.h"

/*
 * Holds a request's line and headers; longer ones are refused by libmicrohttpd (414, 431). The
 * longest filter of a list fits in with each byte of it escaped. libmicrohttpd clears all of it after
 * each request, which is what a poll costs most.
 */
#define CONNECTION_MEMORY_BYTES ((size_t)16 * 1024)

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
	return http_course_step(*context, data, size);
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **context,
	enum MHD_RequestTerminationCode code)
{
	(void)arg;
	(void)connection;
	if (*context)
		http_course_leave(*context, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
	*context = NULL;
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
	struct MHD_Daemon *daemon = start_daemon(listener, opts, fd);
	if (!daemon)
		return su_fail(err, SU_INVALID, opts->certificate_pem ? "certificate" : "listen",
			"the HTTP server does not start%s",
			opts->certificate_pem ? ": certificate or key is not usable" : "");
	fd = -1;
	http_pump_start(&listener->pump, front->env.loop, daemon);
	return SU_OK;
}

void http_listener_flush(struct http_listener *listener)
{
	http_pump_flush(&listener->pump);
}

void http_listener_stop(struct http_listener *listener)
{
	http_pump_stop(&listener->pump);
}
