/* SPDX-License-Identifier: Apache-2.0 */
/* Where requests come in: a listening socket, its connections, and the daemon of libmicrohttpd behind it. */
#pragma once

#include "server/http_front.h"

enum su_status http_listener_start(struct http_listener *listener, struct http_front *front,
	const struct http_opts *opts, const struct http_listen *where,
	struct su_error *err) SU_MUST_CHECK;
/* Sends what can be sent at once: the replies of calls that were just resumed. */
void http_listener_flush(struct http_listener *listener);
/* Its exchanges are not suspended. */
void http_listener_stop(struct http_listener *listener);
