/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call in the hands of a loop handler, which finishes it at once or later. Meanwhile it may learn that
 * its client does not wait any more, and afterwards whether its reply could be written. Loop thread.
 */
#pragma once

#include <stdbool.h>

struct http_call;
struct http_exchange;

/*
 * Calls on_stir at most once, and not after http_hold_finish: the client has closed the connection, or
 * sends something else although its answer is due.
 */
void http_hold_watch(struct http_call *call, void (*on_stir)(void *arg), void *arg);
/*
 * To be asked for before http_hold_finish. Calls on_sent once when the connection is through with the
 * reply: all of it was written to socket, a descriptor that is the callee's, or it could not be (-1).
 */
void http_hold_on_sent(struct http_call *call, void (*on_sent)(void *arg, int socket), void *arg);

/*
 * Exactly once: the reply is given, send it. Until then the call stays valid, even when the front end is
 * stopped meanwhile.
 */
void http_hold_finish(struct http_call *call);

/* The connection is through with it; complete: the whole reply was written. */
void http_hold_leave(struct http_exchange *exchange, bool complete);
