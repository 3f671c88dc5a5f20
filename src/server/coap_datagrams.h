/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The datagrams of libcoap's UDP sockets, read and written in batches, and answered before
 * libcoap sees them where that is possible. Loop thread.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "base/span.h"

struct coap_datagrams; /* of one socket */

struct coap_datagram {
	struct su_span bytes;
	const struct sockaddr *peer;
	bool is_for_us_alone; /* not sent to a group of hosts */
};

#define COAP_DATAGRAM_MAX_BYTES 2048
#define COAP_DATAGRAMS_BATCH    64 /* read or written at once */
/* Writes the answer to out and returns its length; 0 leaves the datagram to libcoap. */
typedef size_t (*coap_datagram_fn)(
	void *arg, const struct coap_datagram *datagram, uint8_t out[COAP_DATAGRAM_MAX_BYTES]);

/*
 * From now on what libcoap reads from fd is what coap_datagrams_receive left to it. To be freed
 * before fd is closed. answer NULL: everything is left to libcoap. unsent counts what the kernel had no
 * room for or no way to. NULL: too many sockets.
 */
struct coap_datagrams *coap_datagrams_new(
	int fd, coap_datagram_fn answer, void *arg, atomic_uint_fast64_t *unsent);
void coap_datagrams_free(struct coap_datagrams **datagrams);

/* Reads a batch. Returns how many of it libcoap is to read now, one a call; is_full_out: there may be more. */
size_t coap_datagrams_receive(struct coap_datagrams *own, bool *is_full_out);

/*
 * Between the two, what is sent is gathered and goes out when a batch is full and at the outermost
 * release. They nest. Otherwise everything is sent at once.
 */
void coap_datagrams_hold(void);
void coap_datagrams_release(void);
