/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event loop: the one thread that does network I/O. A thin coat over libevent so that the rest
 * of the tree sees file descriptors, timers and messages from other threads, nothing else.
 * Every function is for the loop's own thread except su_loop_post and su_loop_stop.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct su_loop;
struct su_watch;
struct su_timer;

struct su_loop *su_loop_new(void);
void su_loop_free(struct su_loop **loop);
void su_loop_run(struct su_loop *loop);  /* returns after su_loop_stop */
void su_loop_stop(struct su_loop *loop); /* any thread, or a signal callback */

/* Runs callback(arg) soon on the loop's thread. Any thread; messages keep the order of one sender. */
void su_loop_post(struct su_loop *loop, void (*callback)(void *arg), void *arg);

enum su_loop_events { SU_LOOP_READ = 1, SU_LOOP_WRITE = 2 };
typedef void (*su_watch_fn)(int fd, unsigned events, void *arg);
/* Level-triggered; the descriptor stays the caller's. */
struct su_watch *su_watch_new(
	struct su_loop *loop, int fd, unsigned events, su_watch_fn on_ready, void *arg);
void su_watch_free(struct su_watch **watch);

typedef void (*su_timer_fn)(void *arg);
struct su_timer *su_timer_new(struct su_loop *loop, su_timer_fn on_expiry, void *arg);
void su_timer_set(struct su_timer *timer, int64_t delay_ms); /* one shot; replaces an earlier one */
void su_timer_cancel(struct su_timer *timer);
void su_timer_free(struct su_timer **timer);

typedef void (*su_signal_fn)(int signal_number, void *arg);
/* Delivered on the loop's thread. Lives as long as the loop. */
void su_loop_on_signal(struct su_loop *loop, int signal_number, su_signal_fn on_signal, void *arg);
