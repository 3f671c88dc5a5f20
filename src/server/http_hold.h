/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call that a loop handler keeps for long: how it learns that its client does not wait any more, and
 * whether its reply could be written. Loop thread.
 */
#pragma once

#include "base/loop.h"

struct http_call;
struct http_exchange;

/* Part of an exchange. */
struct http_hold {
	struct su_watch *watch;
	void (*on_stir)(void *arg);
	void *stir_arg;
	void (*on_sent)(void *arg, int socket);
	void *sent_arg;
};

/*
 * Calls on_stir at most once, and not after http_call_finish: the client has closed the connection, or
 * sends something else although its answer is due.
 */
void http_hold_watch(struct http_call *call, void (*on_stir)(void *arg), void *arg);
/*
 * To be asked for before http_call_finish. Calls on_sent once when the connection is through with the
 * reply: all of it was written to socket, a descriptor that is the callee's, or it could not be (-1).
 */
void http_hold_on_sent(struct http_call *call, void (*on_sent)(void *arg, int socket), void *arg);

/* For the exchange. */
void http_hold_end_watch(struct http_hold *hold);
void http_hold_tell_sent(struct http_exchange *exchange, bool complete);
