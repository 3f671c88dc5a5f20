/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lets libcoap work when its sockets or timers are ready. libcoap reads one datagram for each epoll
 * event and then passes over all of its sessions, so that a request would cost as much as there are
 * sessions. Repeating the event lets it read many datagrams before it passes over them once. They are
 * read in batches (coap_datagrams.h); what is answered there costs no pass at all, and passes are held back (coap_pass.h).
 *
 * A new session costs a pass as well, in search of one that may go. An idle DTLS session saves its
 * peer a handshake; an idle plain one is worth nothing, so fewer of them are kept.
 */
#pragma once

#include <coap3/coap.h>

#include "base/loop.h"
#include "server/coap_datagrams.h"
#include "server/coap_listen.h"

struct coap_stats;
struct coap_turn;

struct coap_turn_opts {
	struct su_loop *loop;
	coap_context_t *context;
	const struct coap_sockets *plain, *secure;
	unsigned max_idle_plain,
		max_idle_secure; /* sessions of each socket that nobody refers to */
	/* NULL: libcoap answers everything. */
	coap_datagram_fn answer, answer_secure;
	void *arg, *arg_secure;
	struct coap_stats *stats;
};

/* NULL: this libcoap was built without epoll. */
struct coap_turn *coap_turn_new(const struct coap_turn_opts *opts);
/* Before the context is freed. */
void coap_turn_free(struct coap_turn **turn);
