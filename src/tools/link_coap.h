/* SPDX-License-Identifier: Apache-2.0 */
/* CoAP and CoAP over DTLS (pre-shared key) by libcoap; blocks are counted here, so that a transfer can resume. */
#pragma once

#include "tools/link.h"

struct coap_driver; /* one libcoap context for all links of the process */

enum su_status coap_driver_new(
	struct su_loop *loop, struct coap_driver **out, struct su_error *err) SU_MUST_CHECK;
void coap_driver_free(struct coap_driver **driver); /* after all its links */

struct link_coap_opts {
	const char *server; /* coap://host:port or coaps://host:port */
	unsigned block_szx; /* 0..6: 16 to 1024 bytes */
};
enum su_status link_coap_new(struct coap_driver *driver, const struct link_coap_opts *opts,
	const struct link_identity *identity, struct link **out,
	struct su_error *err) SU_MUST_CHECK;
