/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libmicrohttpd in external epoll mode: its epoll descriptor is watched by the loop, its timeouts
 * are one timer. It must be run after each resume.
 */
#pragma once

#include "base/loop.h"

struct MHD_Daemon;

struct http_pump {
	struct MHD_Daemon *daemon; /* NULL: it does not run */
	struct su_watch *watch;
	struct su_timer *timer;
	bool kicked; /* since libmicrohttpd was run last */
};

void http_pump_start(struct http_pump *pump, struct su_loop *loop, struct MHD_Daemon *daemon_take);
/* Lets libmicrohttpd run in the loop's next turn: after a resume. */
void http_pump_kick(struct http_pump *pump);
/* Sends what can be sent at once: the replies of calls that were just resumed. */
void http_pump_flush(struct http_pump *pump);
/* No connection is suspended. */
void http_pump_stop(struct http_pump *pump);
