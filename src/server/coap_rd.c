/* SPDX-License-Identifier: Apache-2.0 */
/* /rd: registration, update and removal (RFC 9176 section 5, with CBOR of api/device.cddl). */
#include "server/coap_routes.h"
#include "server/device_wire.h"

/* Link format tells resources of a CoAP server on the device, which nobody here asks for. */
static enum su_status read_registration(
	struct coap_exchange *exchange, struct registration *out, struct su_error *err)
{
	const struct coap_request *request = &exchange->request;
	*out = (struct registration){ 0 };
	switch (request->content_format) {
	case -1:
	case COAP_MEDIATYPE_APPLICATION_CBOR:
		if (request->body.len > 0)
			SU_TRY(device_wire_read_registration(
				WIRE_CBOR, request->body, exchange->arena, out, err));
		break;
	case COAP_MEDIATYPE_APPLICATION_LINK_FORMAT:
		break;
	default:
		return su_fail(err, SU_UNSUPPORTED, "Content-Format",
			"a registration is CBOR (60) or empty");
	}
	if (out->lifetime_s == 0)
		SU_TRY(device_wire_parse_lifetime(
			coap_request_query(request, "lt"), &out->lifetime_s, err));
	return SU_OK;
}

static void on_registered(void *arg, const struct su_uuid *id, const struct su_error *err)
{
	struct coap_exchange *exchange = arg;
	if (err) {
		coap_exchange_answer_error(exchange, err);
		return;
	}
	char text[SU_UUID_TEXT_SIZE];
	su_uuid_format(*id, text);
	struct coap_answer answer = COAP_ANSWER(COAP_RESPONSE_CODE_CREATED);
	answer.location[0] = "rd";
	answer.location[1] = text;
	coap_exchange_answer(exchange, &answer);
}

void coap_rd_register(struct coap_exchange *exchange)
{
	struct registration registration;
	struct su_error err = { 0 };
	if (!coap_exchange_identify(exchange, false))
		return;
	if (read_registration(exchange, &registration, &err) != SU_OK)
		coap_exchange_answer_error(exchange, &err);
	else
		tracker_register(device_front_tracker(exchange->env->devices), &exchange->contact,
			&registration, on_registered, exchange);
}

static void on_removed(void *arg, const struct su_error *err)
{
	struct coap_exchange *exchange = arg;
	if (err)
		coap_exchange_answer_error(exchange, err);
	else
		coap_exchange_answer_code(exchange, COAP_RESPONSE_CODE_DELETED);
}

static bool read_id(struct coap_exchange *exchange, struct su_uuid *out)
{
	if (su_uuid_parse(exchange->request.segments[1], out, NULL) == SU_OK)
		return true;
	coap_exchange_answer_text(
		exchange, COAP_RESPONSE_CODE_NOT_FOUND, "there is no such registration");
	return false;
}

void coap_rd_update(struct coap_exchange *exchange)
{
	struct registration change;
	struct su_uuid id;
	struct su_error err = { 0 };
	if (!coap_exchange_identify(exchange, true) || !read_id(exchange, &id))
		return;
	if (read_registration(exchange, &change, &err) != SU_OK) {
		coap_exchange_answer_error(exchange, &err);
		return;
	}
	bool changes =
		change.lifetime_s != 0 || change.has_envelope_form || change.has_characteristics;
	tracker_update(device_front_tracker(exchange->env->devices), &exchange->contact, id,
		changes ? &change : NULL, coap_exchange_answer_changed, exchange);
}

void coap_rd_remove(struct coap_exchange *exchange)
{
	struct su_uuid id;
	if (!coap_exchange_identify(exchange, true) || !read_id(exchange, &id))
		return;
	tracker_remove(device_front_tracker(exchange->env->devices), &exchange->contact, id,
		on_removed, exchange);
}
