/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lets libcoap work when its sockets or timers are ready. libcoap reads one datagram for each epoll
 * event and then passes over all of its sessions, so that a request would cost as much as there are
 * sessions. Repeating the event lets it read many datagrams before it passes over them once.
 */
#pragma once

#include <coap3/coap.h>

#include "base/loop.h"

struct coap_turn;

/* NULL: this libcoap was built without epoll. */
struct coap_turn *coap_turn_new(struct su_loop *loop, coap_context_t *context);
void coap_turn_free(struct coap_turn **turn);
