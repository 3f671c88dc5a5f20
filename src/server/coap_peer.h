/* SPDX-License-Identifier: Apache-2.0 */
/* What we know of a libcoap session: who is at its other end, and how much it is owed. */
#pragma once

#include <coap3/coap.h>

#include "model/device.h"

struct observer;

struct coap_peer {
	struct coap_peer *next, **link;
	coap_session_t *session;
	char *identity;              /* proven by the DTLS handshake; NULL: plain CoAP */
	uint64_t generation;         /* of its pre-shared key */
	uint64_t offered_generation; /* of the key that a handshake under way uses */
	size_t n_owed;               /* answers that are being worked on */
	struct observer *observers;  /* coap_observe.h: its observations */
	size_t n_observations, n_links;
	int64_t read_at_ms;   /* monotonic: when libcoap was given a request of it */
	size_t n_confirmable; /* separate CON messages since window_at_ms */
	int64_t window_at_ms; /* monotonic */
};

/* Made when libcoap says that a session is new; NULL before and after. */
struct coap_peer *coap_peer_of(const coap_session_t *session);
struct coap_peer *coap_peer_new(struct coap_peer **list, coap_session_t *session);
void coap_peer_free(struct coap_peer **peer);

/* The handshake is complete: the peer has shown that it has the key of its identity. */
void coap_peer_prove(struct coap_peer *peer);

/*
 * Whether one more separate message may be confirmable. libcoap sends those one after the other and
 * keeps the rest: a peer that never acknowledges would fill the memory.
 */
bool coap_peer_may_confirm(struct coap_peer *peer, int64_t now_ms);

enum transport coap_peer_transport(const struct coap_peer *peer);
/* For tables: the same for the same address and port. */
size_t coap_peer_hash(const struct sockaddr *remote);
bool coap_peer_is_at(const struct coap_peer *peer, const struct sockaddr *remote);

#define COAP_PEER_ADDRESS_SIZE 64
/* "[::1]:5683"; IPv4 in IPv6 is shown as IPv4. */
void coap_peer_format(const struct sockaddr *remote, char out[COAP_PEER_ADDRESS_SIZE]);
void coap_peer_address(const struct coap_peer *peer, char out[COAP_PEER_ADDRESS_SIZE]);
