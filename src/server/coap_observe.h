/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices that observe their manifest (RFC 7641). When what a device should install may have changed,
 * it is asked for again and, if it differs from what was told last, a notification is sent. Ours
 * and not libcoap's, because there each device would need a resource of its own. A change may concern
 * everybody: only so many are asked for at a time.
 */
#pragma once

#include "server/coap_exchange.h"

struct coap_observers;

struct coap_observers *coap_observers_new(
	struct su_loop *loop, struct device_front *devices, struct blob_store *blobs, size_t max);
/* Lets go of all sessions. */
void coap_observers_free(struct coap_observers **observers);

/*
 * Registers the sender of exchange, which is identified, in place of an earlier registration with
 * the same token; etag is what it is told now (empty: there is nothing for it). False: no room.
 * number_out: value of the Observe option.
 */
bool coap_observers_add(struct coap_observers *observers, const struct coap_exchange *exchange,
	struct su_span etag, uint32_t *number_out);
void coap_observers_remove(
	struct coap_observers *observers, const struct coap_peer *peer, struct su_span token);
void coap_observers_remove_peer(struct coap_observers *observers, const struct coap_peer *peer);
/* endpoint NULL: all. */
void coap_observers_notify(struct coap_observers *observers, const char *endpoint);
