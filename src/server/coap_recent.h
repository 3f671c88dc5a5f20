/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Remembers how requests were answered, so that a request whose acknowledgement was lost and that is
 * sent again is answered again instead of being done again (RFC 7252 section 4.5). Bounded: the
 * newest displaces an older one. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

#define COAP_RECENT_KEY_BYTES      64
#define COAP_RECENT_LOCATION_BYTES 48

struct coap_recent;

struct coap_recent_answer {
	unsigned code;
	char location[COAP_RECENT_LOCATION_BYTES]; /* last segment, or "" */
};

struct coap_recent *coap_recent_new(size_t slots, int64_t lifetime_ms);
void coap_recent_free(struct coap_recent **recent);
/* key: peer, message ID and token in one, at most COAP_RECENT_KEY_BYTES. */
void coap_recent_put(struct coap_recent *recent, struct su_span key,
	const struct coap_recent_answer *answer, int64_t now_ms);
/* NULL: not remembered. */
const struct coap_recent_answer *coap_recent_find(
	const struct coap_recent *recent, struct su_span key, int64_t now_ms);
