/* SPDX-License-Identifier: Apache-2.0 */
/* What an offer looks like on the wire, for a poll and for a notification. */
#pragma once

#include "server/coap_reply.h"
#include "store/blob.h"
#include "tracker/tracker.h"

/*
 * Maps the envelope of offer; content is valid until *mapping_out is unmapped. The ETag is the
 * beginning of the SHA-256 of the envelope's bytes: the two forms of one manifest differ in it.
 */
enum su_status coap_offer_content(struct blob_store *blobs, const struct offer *offer,
	struct blob_mapping **mapping_out, struct coap_content *out,
	struct su_error *err) SU_MUST_CHECK;

/* The same of an envelope that is mapped already. It leads into both. */
struct coap_content coap_offer_content_of(
	const struct digest *envelope, const struct blob_mapping *mapping);
struct su_span coap_offer_etag(const struct digest *envelope);

#define COAP_OFFER_OBSERVE_MAX_AGE_S 86400
