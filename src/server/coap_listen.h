/* SPDX-License-Identifier: Apache-2.0 */
/* libcoap's endpoints: addresses, protocols, pre-shared keys and buffers. */
#pragma once

#include <coap3/coap.h>

#include "server/device_front.h"

/* address: "127.0.0.1:5683", "[::1]:5683". SU_INVALID: not an address; SU_IO: cannot listen. */
enum su_status coap_listen_open(coap_context_t *context, const char *address, bool secure,
	struct su_error *err) SU_MUST_CHECK;

/* The sockets of a context. mark is what epoll tells of one that is ready. */
#define COAP_MAX_SOCKETS 16
struct coap_sockets {
	size_t count;
	int fds[COAP_MAX_SOCKETS];
	uint64_t marks[COAP_MAX_SOCKETS];
};
/* At most COAP_MAX_SOCKETS of them; those that were opened so far. */
void coap_listen_list(const coap_context_t *context, struct coap_sockets *out);

/* Asks devices for the key of each identity. Before the first secure endpoint. */
enum su_status coap_listen_use_keys(
	coap_context_t *context, struct device_front *devices, struct su_error *err) SU_MUST_CHECK;
