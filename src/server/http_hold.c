/* SPDX-License-Identifier: Apache-2.0 */
/* libmicrohttpd does not look at a suspended connection: its socket is watched here. */
#include "server/http_hold.h"

#include <fcntl.h>

#include "server/http_exchange.h"

static struct http_exchange *exchange_of(struct http_call *call)
{
	return (struct http_exchange *)(void *)call;
}

static void on_readable(int fd, unsigned events, void *arg)
{
	struct http_hold *hold = arg;
	(void)fd;
	(void)events;
	su_watch_free(&hold->watch);
	hold->on_stir(hold->stir_arg);
}

void http_hold_watch(struct http_call *call, void (*on_stir)(void *arg), void *arg)
{
	struct http_exchange *exchange = exchange_of(call);
	struct http_hold *hold = &exchange->hold;
	int fd = http_exchange_socket(exchange);
	hold->on_stir = on_stir;
	hold->stir_arg = arg;
	if (fd >= 0)
		hold->watch = su_watch_new(
			exchange->front->env.loop, fd, SU_LOOP_READ, on_readable, hold);
}

void http_hold_on_sent(struct http_call *call, void (*on_sent)(void *arg, int socket), void *arg)
{
	struct http_exchange *exchange = exchange_of(call);
	exchange->hold.on_sent = on_sent;
	exchange->hold.sent_arg = arg;
}

void http_hold_finish(struct http_call *call)
{
	http_exchange_continue(exchange_of(call), HTTP_PHASE_REPLY);
}

void http_hold_leave(struct http_exchange *exchange, bool complete)
{
	struct http_hold *hold = &exchange->hold;
	int fd = complete ? http_exchange_socket(exchange) : -1;
	su_watch_free(&hold->watch);
	if (hold->on_sent)
		hold->on_sent(hold->sent_arg, fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1);
	hold->on_sent = NULL;
}
