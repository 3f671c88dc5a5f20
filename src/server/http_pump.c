/* SPDX-License-Identifier: Apache-2.0 */
/* When libmicrohttpd is run, and for how long at a time. */
#include "server/http_pump.h"

#include <microhttpd.h>

#include "base/clock.h"

#define MAX_ROUNDS_US 200

/* How long libmicrohttpd may wait, -1: for an event only. */
static int64_t wait_of(const struct http_pump *pump)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;
	if (pump->kicked) /* by one request for the sake of another one */
		return 0;
	if (MHD_get_timeout(pump->daemon, &wait_ms) != MHD_YES)
		return -1;
	return wait_ms > 60000 ? 60000 : (int64_t)wait_ms;
}

/*
 * One round moves at most one piece of each body. A small piece of an upload is worth less than a turn
 * of the loop, so more rounds follow, but others must not wait for long.
 */
static void run(struct http_pump *pump)
{
	int64_t begin_us = su_clock_mono_us(), wait_ms;
	do {
		pump->kicked = false;
		MHD_run(pump->daemon);
		wait_ms = wait_of(pump);
	} while (wait_ms == 0 && su_clock_mono_us() - begin_us < MAX_ROUNDS_US);
	if (wait_ms >= 0)
		su_timer_set(pump->timer, wait_ms);
	else
		su_timer_cancel(pump->timer);
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

void http_pump_start(struct http_pump *pump, struct su_loop *loop, struct MHD_Daemon *daemon_take)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(daemon_take, MHD_DAEMON_INFO_EPOLL_FD);
	pump->daemon = daemon_take;
	pump->timer = su_timer_new(loop, on_timer, pump);
	pump->watch = su_watch_new(loop, info->epoll_fd, SU_LOOP_READ, on_ready, pump);
	http_pump_kick(pump);
}

void http_pump_kick(struct http_pump *pump)
{
	pump->kicked = true;
	su_timer_set(pump->timer, 0);
}

void http_pump_flush(struct http_pump *pump)
{
	if (pump->daemon)
		MHD_run(pump->daemon);
}

void http_pump_stop(struct http_pump *pump)
{
	if (!pump->daemon)
		return;
	su_watch_free(&pump->watch);
	MHD_stop_daemon(pump->daemon);
	pump->daemon = NULL;
	su_timer_free(&pump->timer);
}
