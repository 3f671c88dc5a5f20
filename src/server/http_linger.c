/* SPDX-License-Identifier: Apache-2.0 */
/* Bounded in number, in time and in bytes. */
#include "server/http_linger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"

#define MAX_SOCKETS 64
#define MAX_BYTES   ((size_t)64 * 1024 * 1024)
#define MAX_MS      5000

struct lingering {
	struct http_linger *owner;
	struct lingering *previous, *next;
	int fd;
	size_t discarded;
	struct su_watch *watch;
	struct su_timer *timer;
};

struct http_linger {
	struct su_loop *loop;
	struct lingering *all;
	size_t n;
};

static void let_go(struct lingering *socket)
{
	struct http_linger *linger = socket->owner;
	*(socket->previous ? &socket->previous->next : &linger->all) = socket->next;
	if (socket->next)
		socket->next->previous = socket->previous;
	linger->n--;
	su_watch_free(&socket->watch);
	su_timer_free(&socket->timer);
	su_close_fd(&socket->fd);
	free(socket);
}

static void on_readable(int fd, unsigned events, void *arg)
{
	(void)events;
	struct lingering *socket = arg;
	char thrown_away[16384];
	ssize_t got = recv(fd, thrown_away, sizeof(thrown_away), MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got > 0)
		socket->discarded += (size_t)got;
	if (got <= 0 || socket->discarded > MAX_BYTES)
		let_go(socket);
}

static void on_timeout(void *arg)
{
	let_go(arg);
}

struct http_linger *http_linger_new(struct su_loop *loop)
{
	struct http_linger *linger = su_new(struct http_linger);
	linger->loop = loop;
	return linger;
}

void http_linger_free(struct http_linger **linger)
{
	if (!linger || !*linger)
		return;
	while ((*linger)->all)
		let_go((*linger)->all);
	free(*linger);
	*linger = NULL;
}

void http_linger_keep(struct http_linger *linger, int fd)
{
	int copy = linger->n < MAX_SOCKETS ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
	if (copy < 0)
		return;
	struct lingering *socket = su_new(struct lingering);
	socket->owner = linger;
	socket->fd = copy;
	socket->next = linger->all;
	if (linger->all)
		linger->all->previous = socket;
	linger->all = socket;
	linger->n++;
	socket->watch = su_watch_new(linger->loop, copy, SU_LOOP_READ, on_readable, socket);
	socket->timer = su_timer_new(linger->loop, on_timeout, socket);
	su_timer_set(socket->timer, MAX_MS);
}
