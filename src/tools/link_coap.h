/* SPDX-License-Identifier: Apache-2.0 */
/* CoAP and CoAP over DTLS (pre-shared key) by libcoap; blocks are counted here, so that a transfer can resume. */
#pragma once

#include "tools/link.h"

struct coap_driver; /* one libcoap context and one server for all links of the process */

struct coap_driver_opts {
	struct su_loop *loop;
	const char *server; /* coap://host:port or coaps://host:port */
	unsigned block_szx; /* 0..6: 16 to 1024 bytes; of what the device asks and sends */
	unsigned max_szx; /* of what the server sends by itself: larger blocks are refused, 4.13 */
};

/* Looks the server's name up, which may take a while. */
enum su_status coap_driver_new(const struct coap_driver_opts *opts, struct coap_driver **out,
	struct su_error *err) SU_MUST_CHECK;
void coap_driver_free(struct coap_driver **driver); /* after all its links */

struct link *link_coap_new(struct coap_driver *driver, const struct link_identity *identity);
