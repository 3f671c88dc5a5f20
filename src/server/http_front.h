/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the HTTP front end share: the front itself and its listeners. */
#pragma once

#include "server/auth.h"
#include "server/http.h"
#include "server/http_linger.h"
#include "server/http_log.h"
#include "server/http_stats.h"
#include "server/limits.h"
#include "server/net_address.h"

struct MHD_Daemon;
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

/* Sets the timer for the limits when it is not set. */
void http_front_watch_limits(struct http_front *front);
void http_front_free_when_done(struct http_front *front);

/* One listening socket and the libmicrohttpd daemon behind it. */
struct http_listener {
	struct http_front *front;
	struct MHD_Daemon *daemon;
	struct su_watch *watch;
	struct su_timer *timer;
	bool secure;
	bool kicked; /* since libmicrohttpd was run last */
};

enum su_status http_listener_start(struct http_listener *listener, struct http_front *front,
	const struct http_opts *opts, const struct http_listen *where,
	struct su_error *err) SU_MUST_CHECK;
/* Sends what can be sent at once: the replies of calls that were just resumed. */
void http_listener_flush(struct http_listener *listener);
/* Its exchanges are not suspended. */
void http_listener_stop(struct http_listener *listener);
/* Lets libmicrohttpd run in the loop's next turn: after a resume. */
void http_listener_kick(struct http_listener *listener);
