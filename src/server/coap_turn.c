/* SPDX-License-Identifier: Apache-2.0 */
/* Between the loop and libcoap's epoll descriptor. */
#include "server/coap_turn.h"

#include <sys/epoll.h>

#include "base/memory.h"
#include "server/coap_pass.h"
#include "server/coap_stats.h"

enum {
	MAX_READY = 16,   /* sockets and the timer */
	MAX_REPEATS = 64, /* datagrams read from each socket before sessions are passed over */
	MAX_ROUNDS = 4,   /* before others have their turn on the loop */
};

struct batched {
	uint64_t mark;
	struct coap_datagrams *datagrams;
};

struct coap_turn {
	coap_context_t *context;
	struct su_watch *watch;
	struct coap_pass *pass;
	size_t n_batched, n_plain; /* these come first */
	struct batched batched[COAP_MAX_SOCKETS];
	size_t repeats; /* of other sockets: grows while all are used, shrinks when not */
	unsigned max_idle_plain, max_idle_secure;
	size_t n_events;
	struct epoll_event events[MAX_READY * MAX_REPEATS];
};
_Static_assert(COAP_DATAGRAMS_BATCH <= MAX_REPEATS, "a batch is read in one pass");

static struct coap_datagrams *datagrams_of(
	const struct coap_turn *turn, const struct epoll_event *ready)
{
	for (size_t i = 0; i < turn->n_batched; i++)
		if (turn->batched[i].mark == ready->data.u64)
			return turn->batched[i].datagrams;
	return NULL;
}

static bool is_plain(const struct coap_turn *turn, const struct epoll_event *ready)
{
	for (size_t i = 0; i < turn->n_plain; i++)
		if (turn->batched[i].mark == ready->data.u64)
			return true;
	return false;
}

static void repeat(struct coap_turn *turn, const struct epoll_event *event, size_t times)
{
	for (; times > 0; times--)
		turn->events[turn->n_events++] = *event;
}

/* libcoap's timer has no pointer. True: there may be more to read. */
static bool take(struct coap_turn *turn, const struct epoll_event *ready)
{
	bool is_full = false;
	struct coap_datagrams *datagrams = datagrams_of(turn, ready);
	if (!ready->data.ptr)
		coap_pass_want(turn->context);
	if (datagrams)
		repeat(turn, ready, coap_datagrams_receive(datagrams, &is_full));
	else
		repeat(turn, ready, ready->data.ptr ? turn->repeats : 1);
	return is_full;
}

static bool has_other(const struct coap_turn *turn, const struct epoll_event *ready, int n_ready)
{
	for (int i = 0; i < n_ready; i++)
		if (ready[i].data.ptr && !datagrams_of(turn, &ready[i]))
			return true;
	return false;
}

static void adapt_repeats(struct coap_turn *turn, bool were_all_used)
{
	if (were_all_used)
		turn->repeats = turn->repeats < MAX_REPEATS ? 2 * turn->repeats : MAX_REPEATS;
	else if (turn->repeats > 1)
		turn->repeats /= 2;
}

static void do_events(struct coap_turn *turn, unsigned max_idle)
{
	if (turn->n_events == 0)
		return;
	coap_context_set_max_idle_sessions(turn->context, max_idle);
	coap_io_do_epoll(turn->context, turn->events, turn->n_events);
	turn->n_events = 0;
}

/* True: there may be more to do. */
static bool run_round(struct coap_turn *turn, const struct epoll_event *ready, int n_ready)
{
	bool has_more = has_other(turn, ready, n_ready);
	coap_datagrams_hold();
	for (int i = 0; i < n_ready; i++)
		if (is_plain(turn, &ready[i]))
			has_more |= take(turn, &ready[i]);
	do_events(turn, turn->max_idle_plain);
	for (int i = 0; i < n_ready; i++)
		if (!is_plain(turn, &ready[i]))
			has_more |= take(turn, &ready[i]);
	do_events(turn, turn->max_idle_secure);
	coap_datagrams_release();
	return has_more;
}

static void on_ready(int fd, unsigned events, void *arg)
{
	(void)events;
	struct coap_turn *turn = arg;
	struct epoll_event ready[MAX_READY];
	int n_ready = epoll_wait(fd, ready, MAX_READY, 0);
	for (int round = 0; round < MAX_ROUNDS && n_ready > 0; round++) {
		if (!run_round(turn, ready, n_ready))
			return;
		n_ready = epoll_wait(fd, ready, MAX_READY, 0);
		adapt_repeats(turn, has_other(turn, ready, n_ready));
	}
}

static void take_sockets(struct coap_turn *turn, const struct coap_sockets *sockets,
	coap_datagram_fn answer, void *arg, struct coap_stats *stats)
{
	for (size_t i = 0; i < sockets->count && turn->n_batched < COAP_MAX_SOCKETS; i++) {
		struct coap_datagrams *datagrams =
			coap_datagrams_new(sockets->fds[i], answer, arg, &stats->unsent);
		if (datagrams)
			turn->batched[turn->n_batched++] =
				(struct batched){ sockets->marks[i], datagrams };
	}
}

struct coap_turn *coap_turn_new(const struct coap_turn_opts *opts)
{
	int epoll_fd = coap_context_get_coap_fd(opts->context);
	if (epoll_fd < 0)
		return NULL;
	struct coap_turn *turn = su_new(struct coap_turn);
	turn->context = opts->context;
	turn->repeats = 1;
	turn->max_idle_plain = opts->max_idle_plain;
	turn->max_idle_secure = opts->max_idle_secure;
	take_sockets(turn, opts->plain, opts->answer, opts->arg, opts->stats);
	turn->n_plain = turn->n_batched;
	take_sockets(turn, opts->secure, opts->answer_secure, opts->arg_secure, opts->stats);
	turn->pass = coap_pass_new(opts->loop, opts->context);
	turn->watch = su_watch_new(opts->loop, epoll_fd, SU_LOOP_READ, on_ready, turn);
	return turn;
}

void coap_turn_free(struct coap_turn **turn)
{
	if (!*turn)
		return;
	su_watch_free(&(*turn)->watch);
	coap_pass_free(&(*turn)->pass);
	for (size_t i = 0; i < (*turn)->n_batched; i++)
		coap_datagrams_free(&(*turn)->batched[i].datagrams);
	su_free_ptr(turn);
}
