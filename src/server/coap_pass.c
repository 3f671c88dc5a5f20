/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coap_io_do_epoll ends with a call of coap_io_prepare_epoll, which is the pass. Both are public functions, so the
 * dynamic linker takes the executable's definition of the second for that call, as it does in
 * coap_datagrams.c; a libcoap that is linked in another way makes its passes as ever, and nothing is lost but time.
 *
 * A pass also sets libcoap's timer to the next time at which something is due. Until then nothing is, unless it came
 * up after the last pass: then a timer of our own sees to the next.
 */
#include "server/coap_pass.h"

#include <dlfcn.h>

#include "base/clock.h"
#include "base/memory.h"

enum {
	MIN_GAP_MS = 5,
	SHARE = 20, /* of the time, one part is for passes */
};

typedef unsigned (*prepare_fn)(coap_context_t *context, coap_tick_t now);

struct coap_pass {
	coap_context_t *context;
	prepare_fn prepare; /* libcoap's */
	struct su_timer *timer;
	int64_t next_us; /* monotonic; not before */
	bool is_wanted, is_timed;
};

/* Writable and global because coap_io_prepare_epoll has no argument for it. Only the loop uses it. */
static struct coap_pass *held_back;

static prepare_fn find_prepare(void)
{
	/* POSIX's way from an object's address to a function's. */
	union {
		void *object;
		prepare_fn function;
	} found = { dlsym(RTLD_NEXT, "coap_io_prepare_epoll") };
	return found.function;
}

static struct coap_pass *of(const coap_context_t *context)
{
	return held_back && held_back->context == context ? held_back : NULL;
}

static int64_t gap_us(int64_t took_us)
{
	int64_t gap = took_us * (SHARE - 1);
	if (gap < MIN_GAP_MS * 1000)
		return MIN_GAP_MS * 1000;
	return gap < COAP_PASS_MAX_GAP_MS * 1000 ? gap : COAP_PASS_MAX_GAP_MS * 1000;
}

static unsigned make(struct coap_pass *pass, coap_tick_t now)
{
	int64_t began_us = su_clock_mono_us();
	pass->is_wanted = false;
	unsigned next_ms = pass->prepare(pass->context, now);
	int64_t ended_us = su_clock_mono_us();
	pass->next_us = ended_us + gap_us(ended_us - began_us);
	return next_ms;
}

static void on_time(void *arg)
{
	struct coap_pass *pass = arg;
	pass->is_timed = false;
	coap_pass_make(pass->context);
}

struct coap_pass *coap_pass_new(struct su_loop *loop, coap_context_t *context)
{
	prepare_fn prepare = find_prepare();
	if (!prepare || held_back)
		return NULL;
	struct coap_pass *pass = su_new(struct coap_pass);
	pass->context = context;
	pass->prepare = prepare;
	pass->timer = su_timer_new(loop, on_time, pass);
	held_back = pass;
	return pass;
}

void coap_pass_free(struct coap_pass **pass)
{
	if (!*pass)
		return;
	held_back = NULL;
	su_timer_free(&(*pass)->timer);
	su_free_ptr(pass);
}

void coap_pass_want(const coap_context_t *context)
{
	struct coap_pass *pass = of(context);
	if (pass)
		pass->is_wanted = true;
}

void coap_pass_make(coap_context_t *context)
{
	coap_tick_t now;
	coap_pass_want(context);
	coap_ticks(&now);
	coap_io_prepare_epoll(context, now);
}

/* libcoap's, in its place. What it returns is for coap_io_process only. */
unsigned coap_io_prepare_epoll(coap_context_t *context, coap_tick_t now)
{
	struct coap_pass *pass = of(context);
	if (!pass) {
		prepare_fn prepare = find_prepare();
		return prepare ? prepare(context, now) : 0;
	}
	int64_t left_us = pass->next_us - su_clock_mono_us();
	if (pass->is_wanted || left_us <= 0)
		return make(pass, now);
	if (!pass->is_timed)
		su_timer_set(pass->timer, left_us / 1000 + 1);
	pass->is_timed = true;
	return 0;
}
