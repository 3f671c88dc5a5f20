/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CoAP front end (RFC 7252, 7641, 7959; coap and coaps): libcoap on the loop's thread. It owns
 * the sockets and sessions; what is served is coap_routes.h.
 */
#pragma once

#include "server/device_front.h"
#include "server/public_paths.h"

struct coap;
struct coap_stats;

struct coap_opts {
	struct su_loop *loop;
	struct device_front *devices;
	struct blob_store *blobs;
	struct public_paths *paths;
	struct coap_stats *stats;
	size_t n_listen, n_listen_secure;
	const char *const *listen;        /* "0.0.0.0:5683", "[::]:5683" (IPv4 as well) */
	const char *const *listen_secure; /* DTLS with pre-shared keys */
	unsigned max_sessions;            /* idle ones that are kept; 0: 1000 */
	size_t max_body_bytes;            /* of a request; 0: 64 KiB */
	size_t max_bodies;                /* that arrive at the same time; 0: 256 */
	size_t max_observers;             /* 0: 10000 */
	int64_t body_timeout_ms;          /* 0: 30 s */
	int64_t answer_timeout_ms;        /* of devices to commands; 0: 100 s */
};

/* Loop thread. SU_INVALID: an address; SU_IO: cannot listen there. */
enum su_status coap_start(
	const struct coap_opts *opts, struct coap **out, struct su_error *err) SU_MUST_CHECK;
/* Before the tracker is stopped. Answers that are still owed are not given. */
void coap_stop(struct coap **coap);
