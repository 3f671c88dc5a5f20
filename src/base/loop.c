/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libevent behind the interface of loop.h. Other threads touch only the mailbox and its eventfd,
 * so libevent itself needs no locks.
 */
#include "base/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/short_slices.h"

struct message {
	void (*callback)(void *arg);
	void *arg;
};

struct mailbox {
	struct message *messages;
	size_t len, capacity;
};

struct signal_watch {
	struct signal_watch *next;
	struct event *event;
	su_signal_fn on_signal;
	void *arg;
};

struct su_loop {
	struct event_base *base;
	struct signal_watch *signals;
	int wake_fd;
	struct event *wake;
	pthread_mutex_t lock; /* guards the two below */
	struct mailbox inbox;
	bool stopping;
};

struct su_watch {
	struct event *event;
	su_watch_fn on_ready;
	void *arg;
};

struct su_timer {
	struct event *event;
	su_timer_fn on_expiry;
	void *arg;
};

/* libevent fails to make an object only when memory or descriptors are out. */
static void *must(void *object)
{
	if (!object)
		abort();
	return object;
}

static struct event_base *new_base(void)
{
	/*
	 * Without these two a timer may fire some milliseconds early by CLOCK_MONOTONIC, and a
	 * callback that compares the clock with its deadline would find it still ahead.
	 */
	struct event_config *config = must(event_config_new());
	event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
	event_config_set_flag(config, EVENT_BASE_FLAG_NO_CACHE_TIME);
	struct event_base *base = must(event_base_new_with_config(config));
	event_config_free(config);
	return base;
}

/* Runs what is in the inbox now; messages posted meanwhile wait for the next round. */
static void deliver_messages(struct su_loop *loop)
{
	pthread_mutex_lock(&loop->lock);
	struct mailbox batch = loop->inbox;
	loop->inbox = (struct mailbox){ 0 };
	pthread_mutex_unlock(&loop->lock);

	for (size_t i = 0; i < batch.len; i++)
		batch.messages[i].callback(batch.messages[i].arg);
	free(batch.messages);
}

static void on_wake(int fd, short events, void *arg)
{
	(void)events;
	uint64_t count;
	ssize_t ignored = read(fd, &count, sizeof(count));
	(void)ignored;
	deliver_messages(arg);
}

static void wake(struct su_loop *loop)
{
	const uint64_t one = 1;
	ssize_t written;
	do
		written = write(loop->wake_fd, &one, sizeof(one));
	while (written < 0 && errno == EINTR);
}

struct su_loop *su_loop_new(void)
{
	struct su_loop *loop = su_new(struct su_loop);
	loop->base = new_base();
	loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (loop->wake_fd < 0)
		abort();
	loop->wake =
		must(event_new(loop->base, loop->wake_fd, EV_READ | EV_PERSIST, on_wake, loop));
	event_add(loop->wake, NULL);
	pthread_mutex_init(&loop->lock, NULL);
	return loop;
}

void su_loop_free(struct su_loop **loop)
{
	if (!loop || !*loop)
		return;
	struct su_loop *l = *loop;
	for (struct signal_watch *watch = l->signals, *next; watch; watch = next) {
		next = watch->next;
		event_free(watch->event);
		free(watch);
	}
	event_free(l->wake);
	close(l->wake_fd);
	event_base_free(l->base);
	pthread_mutex_destroy(&l->lock);
	free(l->inbox.messages);
	free(l);
	*loop = NULL;
}

static bool take_stop(struct su_loop *loop)
{
	pthread_mutex_lock(&loop->lock);
	bool stopping = loop->stopping;
	loop->stopping = false;
	pthread_mutex_unlock(&loop->lock);
	return stopping;
}

void su_loop_run(struct su_loop *loop)
{
	su_short_slices_ask();
	while (!take_stop(loop))
		event_base_loop(loop->base, EVLOOP_ONCE);
	/* A message posted before the stop is not lost with it. */
	deliver_messages(loop);
}

void su_loop_stop(struct su_loop *loop)
{
	pthread_mutex_lock(&loop->lock);
	loop->stopping = true;
	pthread_mutex_unlock(&loop->lock);
	wake(loop);
}

void su_loop_post(struct su_loop *loop, void (*callback)(void *arg), void *arg)
{
	pthread_mutex_lock(&loop->lock);
	struct mailbox *inbox = &loop->inbox;
	if (inbox->len == inbox->capacity) {
		inbox->capacity = inbox->capacity ? 2 * inbox->capacity : 16;
		inbox->messages =
			su_grow(inbox->messages, inbox->capacity, sizeof(*inbox->messages));
	}
	inbox->messages[inbox->len++] = (struct message){ callback, arg };
	pthread_mutex_unlock(&loop->lock);
	wake(loop);
}

static void call_watch(int fd, short events, void *arg)
{
	struct su_watch *watch = arg;
	unsigned ready =
		(events & EV_READ ? SU_LOOP_READ : 0U) | (events & EV_WRITE ? SU_LOOP_WRITE : 0U);
	watch->on_ready(fd, ready, watch->arg);
}

struct su_watch *su_watch_new(
	struct su_loop *loop, int fd, unsigned events, su_watch_fn on_ready, void *arg)
{
	struct su_watch *watch = su_new(struct su_watch);
	watch->on_ready = on_ready;
	watch->arg = arg;
	short wanted = EV_PERSIST;
	if (events & SU_LOOP_READ)
		wanted |= EV_READ;
	if (events & SU_LOOP_WRITE)
		wanted |= EV_WRITE;
	watch->event = must(event_new(loop->base, fd, wanted, call_watch, watch));
	event_add(watch->event, NULL);
	return watch;
}

void su_watch_free(struct su_watch **watch)
{
	if (!watch || !*watch)
		return;
	event_free((*watch)->event);
	free(*watch);
	*watch = NULL;
}

static void call_timer(int fd, short events, void *arg)
{
	(void)fd;
	(void)events;
	struct su_timer *timer = arg;
	timer->on_expiry(timer->arg);
}

struct su_timer *su_timer_new(struct su_loop *loop, su_timer_fn on_expiry, void *arg)
{
	struct su_timer *timer = su_new(struct su_timer);
	timer->on_expiry = on_expiry;
	timer->arg = arg;
	timer->event = must(evtimer_new(loop->base, call_timer, timer));
	return timer;
}

void su_timer_set(struct su_timer *timer, int64_t delay_ms)
{
	if (delay_ms < 0)
		delay_ms = 0;
	struct timeval delay = { .tv_sec = (time_t)(delay_ms / 1000),
		.tv_usec = (suseconds_t)(delay_ms % 1000 * 1000) };
	evtimer_add(timer->event, &delay);
}

void su_timer_cancel(struct su_timer *timer)
{
	evtimer_del(timer->event);
}

void su_timer_free(struct su_timer **timer)
{
	if (!timer || !*timer)
		return;
	event_free((*timer)->event);
	free(*timer);
	*timer = NULL;
}

static void call_signal_watch(int signal_number, short events, void *arg)
{
	(void)events;
	struct signal_watch *watch = arg;
	watch->on_signal(signal_number, watch->arg);
}

void su_loop_on_signal(struct su_loop *loop, int signal_number, su_signal_fn on_signal, void *arg)
{
	struct signal_watch *watch = su_new(struct signal_watch);
	watch->on_signal = on_signal;
	watch->arg = arg;
	watch->event = must(evsignal_new(loop->base, signal_number, call_signal_watch, watch));
	evsignal_add(watch->event, NULL);
	watch->next = loop->signals;
	loop->signals = watch;
}
