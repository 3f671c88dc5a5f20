/* SPDX-License-Identifier: Apache-2.0 */
/* The table of everything that is served over CoAP. docs/device-integration.md describes each row. */
#pragma once

#include "server/coap_exchange.h"
#include "server/coap_fast.h"

struct coap_route {
	const char *method; /* "GET" */
	const char *path;   /* "/rd/{id}": a word in braces stands for any one segment */
	void (*handler)(struct coap_exchange *exchange);
	const char *link;  /* attributes in /.well-known/core; NULL: not listed */
	coap_fast_fn fast; /* what can be answered without a session; NULL: nothing */
};

/* Every route, ending with a NULL method. */
extern const struct coap_route coap_routes[];

/* Finds the route of exchange's request and runs its handler; 4.04 and 4.05 where there is none. */
void coap_routes_serve(struct coap_exchange *exchange);

/* The same without a session. False: coap_routes_serve has to do it. */
bool coap_routes_serve_fast(struct coap_fast_call *call, struct coap_answer *out);

/* The handlers, one file each. */
void coap_wellknown_get(struct coap_exchange *exchange);
void coap_rd_register(struct coap_exchange *exchange);
void coap_rd_update(struct coap_exchange *exchange);
void coap_rd_remove(struct coap_exchange *exchange);
void coap_manifest_get(struct coap_exchange *exchange);
void coap_status_post(struct coap_exchange *exchange);
void coap_report_post(struct coap_exchange *exchange);
void coap_blob_get(struct coap_exchange *exchange);
void coap_blob_get_path(struct coap_exchange *exchange);
bool coap_manifest_get_fast(struct coap_fast_call *call, struct coap_answer *out);
bool coap_blob_get_fast(struct coap_fast_call *call, struct coap_answer *out);
bool coap_blob_get_path_fast(struct coap_fast_call *call, struct coap_answer *out);
