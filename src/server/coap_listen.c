/* SPDX-License-Identifier: Apache-2.0 */
/* Opens endpoints and answers the handshake's question for a key. */
#include "server/coap_listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/uuid.h"
#include "server/coap_peer.h"

enum {
	SOCKET_BUFFER_BYTES = 4 << 20,
	PLAIN_MTU = 1472, /* libcoap's receive buffer: larger datagrams are cut */
	UNKNOWN_KEY_BYTES = 32,
};

/* "[::1]:5683" or "127.0.0.1:5683"; the port is cut off in text. */
static enum su_status split_port(char *text, uint16_t *port_out, struct su_error *err)
{
	char *colon = strrchr(text, ':');
	char *end = NULL;
	unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 0;
	if (!colon || end == colon + 1 || *end != '\0' || port > UINT16_MAX)
		return su_fail(err, SU_INVALID, "listen", "\"%s\" has no port", text);
	*colon = '\0';
	*port_out = htons((uint16_t)port);
	return SU_OK;
}

static enum su_status parse_address(const char *text, coap_address_t *out, struct su_error *err)
{
	char host[COAP_PEER_ADDRESS_SIZE];
	uint16_t port = 0;
	size_t len = strlen(text);
	if (len >= sizeof(host))
		return su_fail(err, SU_INVALID, "listen", "\"%s\" is too long", text);
	memcpy(host, text, len + 1);
	SU_TRY(split_port(host, &port, err));
	len = strlen(host);
	coap_address_init(out);
	if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		out->size = sizeof(out->addr.sin6);
		out->addr.sin6.sin6_family = AF_INET6;
		out->addr.sin6.sin6_port = port;
		if (inet_pton(AF_INET6, host + 1, &out->addr.sin6.sin6_addr) == 1)
			return SU_OK;
	} else {
		out->size = sizeof(out->addr.sin);
		out->addr.sin.sin_family = AF_INET;
		out->addr.sin.sin_port = port;
		if (inet_pton(AF_INET, host, &out->addr.sin.sin_addr) == 1)
			return SU_OK;
	}
	return su_fail(err, SU_INVALID, "listen",
		"\"%s\" is not an address like 127.0.0.1:5683 or [::1]:5683", text);
}

/* Beyond what the system allows everybody, if we may. */
static void raise_buffers(int fd)
{
	int bytes = SOCKET_BUFFER_BYTES;
	/* The default holds some 256 datagrams: a burst of a fleet would be lost. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

/* libcoap 4.3.1 tells nobody its sockets. The kernel does: what its epoll descriptor watches (proc(5)). */
void coap_listen_list(const coap_context_t *context, struct coap_sockets *out)
{
	char line[256];
	*out = (struct coap_sockets){ 0 };
	snprintf(line, sizeof(line), "/proc/self/fdinfo/%d", coap_context_get_coap_fd(context));
	FILE *watched = fopen(line, "re");
	if (!watched)
		return;
	while (out->count < COAP_MAX_SOCKETS && fgets(line, sizeof(line), watched)) {
		int fd;
		uint64_t mark;
		/* Its timer bears no mark. */
		if (sscanf(line, "tfd: %d events: %*x data: %" SCNx64, &fd, &mark) != 2 ||
			mark == 0)
			continue;
		out->fds[out->count] = fd;
		out->marks[out->count++] = mark;
	}
	fclose(watched);
}

enum su_status coap_listen_open(
	coap_context_t *context, const char *address, bool secure, struct su_error *err)
{
	coap_address_t parsed;
	SU_TRY(parse_address(address, &parsed, err));
	errno = 0;
	coap_endpoint_t *endpoint =
		coap_new_endpoint(context, &parsed, secure ? COAP_PROTO_DTLS : COAP_PROTO_UDP);
	if (!endpoint)
		return su_fail(err, SU_IO, "listen", "cannot listen for %s on %s: %s",
			secure ? "coaps" : "coap", address, strerror(errno));
	if (!secure)
		coap_endpoint_set_default_mtu(endpoint, PLAIN_MTU);
	struct coap_sockets sockets;
	coap_listen_list(context, &sockets);
	for (size_t i = 0; i < sockets.count; i++)
		raise_buffers(sockets.fds[i]);
	return SU_OK;
}

/* Nobody has it, and who asks cannot tell that the identity is not known. */
static const coap_bin_const_t *unknown_key(void)
{
	static uint8_t bytes[UNKNOWN_KEY_BYTES];
	static const coap_bin_const_t key = { sizeof(bytes), bytes };
	su_random_bytes(bytes, sizeof(bytes));
	return &key;
}

static const coap_bin_const_t *on_identity(
	coap_bin_const_t *identity, coap_session_t *session, void *arg)
{
	static coap_bin_const_t key;
	struct coap_peer *peer = coap_peer_of(session);
	struct su_span name = su_span_of(identity->s, identity->length);
	/* A renegotiation must not turn one device into another. */
	if (!peer || (peer->identity && !su_span_equal_str(name, peer->identity)))
		return unknown_key();
	struct su_span psk = device_front_psk(arg, name, &peer->offered_generation);
	if (psk.len == 0)
		return unknown_key();
	key = (coap_bin_const_t){ psk.len, psk.data };
	return &key;
}

enum su_status coap_listen_use_keys(
	coap_context_t *context, struct device_front *devices, struct su_error *err)
{
	coap_dtls_spsk_t setup = {
		.version = COAP_DTLS_SPSK_SETUP_VERSION,
		.validate_id_call_back = on_identity,
		.id_call_back_arg = devices,
	};
	setup.psk_info.hint.s = (const uint8_t *)"suitd";
	setup.psk_info.hint.length = strlen("suitd");
	if (!coap_context_set_psk2(context, &setup))
		return su_fail(err, SU_BUG, "", "libcoap takes no pre-shared keys");
	return SU_OK;
}
