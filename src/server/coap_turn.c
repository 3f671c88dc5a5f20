/* SPDX-License-Identifier: Apache-2.0 */
/* Between the loop and libcoap's epoll descriptor. */
#include "server/coap_turn.h"

#include <sys/epoll.h>

#include "base/memory.h"

enum {
	MAX_READY = 16,   /* sockets and the timer */
	MAX_REPEATS = 64, /* datagrams read from each socket before sessions are passed over */
	MAX_ROUNDS = 4,   /* before others have their turn on the loop */
};

struct coap_turn {
	coap_context_t *context;
	struct su_watch *watch;
	size_t repeats; /* grows while all are used, shrinks when not */
	struct epoll_event events[MAX_READY * MAX_REPEATS];
};

/* The sockets among ready are repeated; libcoap's timer, which has no pointer, is not. */
static size_t repeat(struct coap_turn *turn, const struct epoll_event *ready, size_t n_ready)
{
	size_t count = 0;
	for (size_t i = 0; i < n_ready; i++)
		for (size_t n = ready[i].data.ptr ? turn->repeats : 1; n > 0; n--)
			turn->events[count++] = ready[i];
	return count;
}

static bool has_socket(const struct epoll_event *ready, int n_ready)
{
	for (int i = 0; i < n_ready; i++)
		if (ready[i].data.ptr)
			return true;
	return false;
}

static void on_ready(int fd, unsigned events, void *arg)
{
	(void)events;
	struct coap_turn *turn = arg;
	struct epoll_event ready[MAX_READY];
	int n_ready = epoll_wait(fd, ready, MAX_READY, 0);
	for (int round = 0; round < MAX_ROUNDS && n_ready > 0; round++) {
		coap_io_do_epoll(turn->context, turn->events, repeat(turn, ready, (size_t)n_ready));
		n_ready = epoll_wait(fd, ready, MAX_READY, 0);
		if (has_socket(ready, n_ready))
			turn->repeats =
				turn->repeats < MAX_REPEATS ? 2 * turn->repeats : MAX_REPEATS;
		else if (turn->repeats > 1)
			turn->repeats /= 2;
	}
}

struct coap_turn *coap_turn_new(struct su_loop *loop, coap_context_t *context)
{
	int epoll_fd = coap_context_get_coap_fd(context);
	if (epoll_fd < 0)
		return NULL;
	struct coap_turn *turn = su_new(struct coap_turn);
	turn->context = context;
	turn->repeats = 1;
	turn->watch = su_watch_new(loop, epoll_fd, SU_LOOP_READ, on_ready, turn);
	return turn;
}

void coap_turn_free(struct coap_turn **turn)
{
	if (!*turn)
		return;
	su_watch_free(&(*turn)->watch);
	su_free_ptr(turn);
}
