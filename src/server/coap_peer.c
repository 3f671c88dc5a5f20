/* SPDX-License-Identifier: Apache-2.0 */
/* The record that hangs on each session. */
#include "server/coap_peer.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

enum {
	MAX_CONFIRMABLE = 8,
	/* RFC 7252 section 4.8.2, MAX_TRANSMIT_WAIT: so long libcoap may keep a message. */
	WINDOW_MS = 93000,
};

struct coap_peer *coap_peer_of(const coap_session_t *session)
{
	return coap_session_get_app_data(session);
}

struct coap_peer *coap_peer_new(struct coap_peer **list, coap_session_t *session)
{
	struct coap_peer *peer = su_new(struct coap_peer);
	peer->session = session;
	peer->next = *list;
	peer->link = list;
	if (*list)
		(*list)->link = &peer->next;
	*list = peer;
	coap_session_set_app_data(session, peer);
	return peer;
}

void coap_peer_free(struct coap_peer **peer)
{
	if (!*peer)
		return;
	*(*peer)->link = (*peer)->next;
	if ((*peer)->next)
		(*peer)->next->link = (*peer)->link;
	coap_session_set_app_data((*peer)->session, NULL);
	su_free_ptr(&(*peer)->identity);
	su_free_ptr(peer);
}

void coap_peer_prove(struct coap_peer *peer)
{
	const coap_bin_const_t *identity = coap_session_get_psk_identity(peer->session);
	if (peer->identity || !identity || !identity->s)
		return;
	peer->identity = su_printf("%.*s", (int)identity->length, (const char *)identity->s);
	peer->generation = peer->offered_generation;
}

bool coap_peer_may_confirm(struct coap_peer *peer, int64_t now_ms)
{
	if (now_ms - peer->window_at_ms >= WINDOW_MS) {
		peer->window_at_ms = now_ms;
		peer->n_confirmable = 0;
	}
	return peer->n_confirmable++ < MAX_CONFIRMABLE;
}

enum transport coap_peer_transport(const struct coap_peer *peer)
{
	return coap_session_get_proto(peer->session) == COAP_PROTO_DTLS ? TRANSPORT_COAPS
									: TRANSPORT_COAP;
}

size_t coap_peer_hash(const struct sockaddr *remote)
{
	if (remote->sa_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const void *)remote;
		return su_span_hash(su_span_of(v6->sin6_addr.s6_addr, sizeof(v6->sin6_addr))) ^
		       v6->sin6_port;
	}
	const struct sockaddr_in *v4 = (const void *)remote;
	return su_span_hash(su_span_of((const uint8_t *)&v4->sin_addr, sizeof(v4->sin_addr))) ^
	       v4->sin_port;
}

bool coap_peer_is_at(const struct coap_peer *peer, const struct sockaddr *remote)
{
	const coap_address_t *own = coap_session_get_addr_remote(peer->session);
	if (own->addr.sa.sa_family != remote->sa_family)
		return false;
	if (remote->sa_family == AF_INET) {
		const struct sockaddr_in *v4 = (const void *)remote;
		return v4->sin_port == own->addr.sin.sin_port &&
		       v4->sin_addr.s_addr == own->addr.sin.sin_addr.s_addr;
	}
	const struct sockaddr_in6 *v6 = (const void *)remote;
	return v6->sin6_port == own->addr.sin6.sin6_port &&
	       v6->sin6_scope_id == own->addr.sin6.sin6_scope_id &&
	       IN6_ARE_ADDR_EQUAL(&v6->sin6_addr, &own->addr.sin6.sin6_addr);
}

static void format_v4(const void *address, unsigned port, char out[COAP_PEER_ADDRESS_SIZE])
{
	char text[INET_ADDRSTRLEN] = "";
	inet_ntop(AF_INET, address, text, sizeof(text));
	snprintf(out, COAP_PEER_ADDRESS_SIZE, "%s:%u", text, port);
}

void coap_peer_format(const struct sockaddr *remote, char out[COAP_PEER_ADDRESS_SIZE])
{
	char text[INET6_ADDRSTRLEN] = "";
	if (remote->sa_family == AF_INET) {
		const struct sockaddr_in *v4 = (const void *)remote;
		format_v4(&v4->sin_addr, ntohs(v4->sin_port), out);
		return;
	}
	const struct sockaddr_in6 *v6 = (const void *)remote;
	if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
		format_v4(&v6->sin6_addr.s6_addr[12], ntohs(v6->sin6_port), out);
		return;
	}
	inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
	snprintf(out, COAP_PEER_ADDRESS_SIZE, "[%s]:%u", text, ntohs(v6->sin6_port));
}

void coap_peer_address(const struct coap_peer *peer, char out[COAP_PEER_ADDRESS_SIZE])
{
	coap_peer_format(&coap_session_get_addr_remote(peer->session)->addr.sa, out);
}
