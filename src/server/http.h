/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP front end: libmicrohttpd on the loop's thread. It owns the listeners, collects request
 * bodies within bounds, finds the route, checks the token, runs the handler where the route says,
 * and gives the reply. What a handler sees is http_call.h.
 */
#pragma once

#include "server/http_opts.h"
#include "store/notify.h"

struct http;

/* Loop thread. SU_INVALID: an address or the certificate; SU_IO: cannot listen. */
enum su_status http_start(
	const struct http_opts *given, struct http **out, struct su_error *err) SU_MUST_CHECK;
/* Closes all connections; calls that a worker or a device answer still holds end by themselves. */
void http_stop(struct http **http);
/* To be called with every notification of the store. */
void http_on_notify(struct http *http, enum notify_topic topic, const char *payload);
