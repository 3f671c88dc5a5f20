/* SPDX-License-Identifier: Apache-2.0 */
/* From an envelope to content. */
#include "server/coap_offer.h"

struct su_span coap_offer_etag(const struct digest *envelope)
{
	return su_span_of(envelope->bytes, COAP_ETAG_MAX_BYTES);
}

struct coap_content coap_offer_content_of(
	const struct digest *envelope, const struct blob_mapping *mapping)
{
	return (struct coap_content){
		.bytes = blob_mapping_span(mapping),
		.etag = coap_offer_etag(envelope),
		.content_format = COAP_MEDIATYPE_APPLICATION_CBOR,
	};
}

enum su_status coap_offer_content(struct blob_store *blobs, const struct offer *offer,
	struct blob_mapping **mapping_out, struct coap_content *out, struct su_error *err)
{
	if (blob_map(blobs, &offer->envelope, mapping_out, err) != SU_OK)
		return su_fail(err, SU_IO, "", "the envelope is not there");
	*out = coap_offer_content_of(&offer->envelope, *mapping_out);
	return SU_OK;
}
