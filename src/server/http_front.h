/* SPDX-License-Identifier: Apache-2.0 */
/* What all requests of the HTTP front end share, and what a listener is. */
#pragma once

#include "server/auth.h"
#include "server/http_linger.h"
#include "server/http_log.h"
#include "server/http_opts.h"
#include "server/http_pump.h"
#include "server/http_stats.h"
#include "server/limits.h"
#include "server/net_address.h"

struct http_exchange;

/* Lives until the last exchange is gone, which may be after http_stop. */
struct http_front {
	struct http_env env;
	struct http_stats stats;
	struct auth_memory *auth;
	struct limits *limits;
	struct http_linger *linger;
	struct su_timer *sweep;
	struct su_timer *purge;          /* of uploads that expired */
	bool sweeping;                   /* the timer is set */
	struct http_exchange *exchanges; /* all that exist */
	struct su_arena *spare; /* of an exchange that is over; most begin when another has ended */
	struct http_log log;
	bool stopped;
};

/* One connection. */
struct http_peer {
	struct limits_peer *limits;
	char address[NET_ADDRESS_TEXT_SIZE];
};

/* One listening socket and the libmicrohttpd daemon behind it. */
struct http_listener {
	struct http_front *front;
	struct http_pump pump;
	bool secure;
};

struct http_front *http_front_new(const struct http_opts *opts);
/* Commands that wait get their end, so that the listeners can be flushed. */
void http_front_close_channel(struct http_front *front);
/* After its listeners. */
void http_front_stop(struct http_front *front);
/* To be called when an exchange is gone. */
void http_front_free_when_done(struct http_front *front);
/* Sets the timer for the limits when it is not set. */
void http_front_watch_limits(struct http_front *front);
