/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The course of a request through its phases: the gate, the token, the body, the handler, the reply. Brought on by
 * the calls of libmicrohttpd, and by jobs and handlers that are done.
 */
#pragma once

#include "server/http_exchange.h"

/* libmicrohttpd's call; size as there. */
enum MHD_Result http_course_step(struct http_exchange *exchange, const char *data, size_t *size);
/* The connection is through with it; complete: the whole reply was written. */
void http_course_leave(struct http_exchange *exchange, bool complete);
