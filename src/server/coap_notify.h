/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends notifications (RFC 7641). A release concerns a whole fleet: what is to be told in one turn of the
 * loop goes out together. A few are confirmable at once. Many are not, because libcoap works
 * through a queue for each acknowledgement that it waits for; they are told again, confirmably, bit by bit
 * afterwards, so that one that was lost is made good and an observer that has gone is found out.
 */
#pragma once

#include "server/coap_offer.h"
#include "server/coap_peer.h"

struct coap_notifier;
struct coap_notice_queue;

/* Where one observation stands; a part of who keeps it. */
struct coap_notice {
	struct coap_peer *peer;
	struct coap_request request;       /* token and block size are taken from here */
	uint8_t etag[COAP_ETAG_MAX_BYTES]; /* of what it was told last */
	size_t etag_len;                   /* 0: that there is nothing */
	/* The notifier's. */
	struct coap_notice *next, *previous;
	struct coap_notice_queue *queue; /* NULL: in none */
	struct digest envelope;
	bool has_envelope;
	int64_t told_ms; /* monotonic */
};

struct coap_notifier *coap_notifier_new(struct su_loop *loop, struct blob_store *blobs);
/* All notices are dropped before. */
void coap_notifier_free(struct coap_notifier **notifier);

/* The value of the next Observe option. */
uint32_t coap_notifier_number(struct coap_notifier *notifier);
/* At the loop's next turn, unless it was told the same last. offer NULL: there is nothing to install. */
void coap_notifier_tell(
	struct coap_notifier *notifier, struct coap_notice *notice, const struct offer *offer);
/* The last notification, at once: what is wrong. */
void coap_notifier_end(struct coap_notice *notice, const struct su_error *err);
/* It is told nothing more. */
void coap_notifier_drop(struct coap_notice *notice);
