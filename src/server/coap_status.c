/* SPDX-License-Identifier: Apache-2.0 */
/* /suit/status: what a device tells about itself and its update. */
#include "server/coap_routes.h"
#include "server/device_wire.h"

void coap_status_post(struct coap_exchange *exchange)
{
	const struct coap_request *request = &exchange->request;
	struct status_message message;
	struct su_error err = { 0 };
	if (!coap_exchange_identify(exchange, false))
		return;
	if (request->content_format != COAP_MEDIATYPE_APPLICATION_CBOR &&
		request->content_format != -1)
		coap_exchange_answer_text(exchange, COAP_RESPONSE_CODE_UNSUPPORTED_CONTENT_FORMAT,
			"a status is CBOR (60)");
	else if (device_wire_read_status(
			 WIRE_CBOR, request->body, exchange->arena, &message, &err) != SU_OK)
		coap_exchange_answer_error(exchange, &err);
	else
		tracker_status(device_front_tracker(exchange->env->devices), &exchange->contact,
			&message, coap_exchange_answer_changed, exchange);
}
