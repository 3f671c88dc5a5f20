/* SPDX-License-Identifier: Apache-2.0 */
/* What the CoAP front end counts: written on the loop, read by /metrics on a worker. */
#pragma once

#include <stdatomic.h>

struct coap_stats {
	atomic_uint_fast64_t datagrams;      /* that came without DTLS */
	atomic_uint_fast64_t at_once;        /* of these, answered without a session: coap_fast.h */
	atomic_uint_fast64_t at_once_secure; /* the same over DTLS, where a session stands */
	atomic_uint_fast64_t unsent; /* with or without DTLS: the kernel did not take them */
};
