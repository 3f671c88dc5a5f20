/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcoap's pass over all of its sessions: what is due there is repeated, given up or freed. libcoap makes one
 * whenever it has read something; with thousands of sessions it takes longer than the rest of a turn. Here they are
 * held back so far that they take a small part of the time, however many sessions there are. What is waited for is
 * late by no more than COAP_PASS_MAX_GAP_MS. Loop thread.
 */
#pragma once

#include <coap3/coap.h>

#include "base/loop.h"

#define COAP_PASS_MAX_GAP_MS 200

struct coap_pass; /* of one context */

/* From now on its passes are held back. NULL: they cannot be, or those of another context are. */
struct coap_pass *coap_pass_new(struct su_loop *loop, coap_context_t *context);
/* Before the context is freed. */
void coap_pass_free(struct coap_pass **pass);

/* The next one is not held back: a timer of libcoap's has expired, or a session is over. */
void coap_pass_want(const coap_context_t *context);
/* One at once; not from within libcoap. */
void coap_pass_make(coap_context_t *context);
