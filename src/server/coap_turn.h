/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lets libcoap work when its sockets or timers are ready. libcoap reads one datagram for each epoll
 * event and then passes over all of its sessions, so that a request would cost as much as there are
 * sessions. Repeating the event lets it read many datagrams before it passes over them once. They are
 * read in batches (coap_datagrams.h); what is answered there costs no pass at all.
 */
#pragma once

#include <coap3/coap.h>

#include "base/loop.h"
#include "server/coap_datagrams.h"
#include "server/coap_listen.h"

struct coap_turn;

struct coap_turn_opts {
	struct su_loop *loop;
	coap_context_t *context;
	const struct coap_sockets *plain, *secure;
	/* NULL: libcoap answers everything. */
	coap_datagram_fn answer, answer_secure;
	void *arg, *arg_secure;
};

/* NULL: this libcoap was built without epoll. */
struct coap_turn *coap_turn_new(const struct coap_turn_opts *opts);
/* Before the context is freed. */
void coap_turn_free(struct coap_turn **turn);
