/* SPDX-License-Identifier: Apache-2.0 */
/* /suit/manifest: the envelope that this device should install. */
#include "server/coap_channel.h"
#include "server/coap_observe.h"
#include "server/coap_offer.h"
#include "server/coap_routes.h"

static bool wants_to_observe(const struct coap_request *request)
{
	return request->has_observe && request->observe == COAP_OBSERVE_ESTABLISH &&
	       request->block2.num == 0;
}

static void observe(
	struct coap_exchange *exchange, struct su_span etag, struct coap_content *content)
{
	if (!wants_to_observe(&exchange->request))
		return;
	content->observed =
		coap_observers_add(exchange->env->observers, exchange, etag, &content->observe);
	if (content->observed)
		content->max_age_s = COAP_OFFER_OBSERVE_MAX_AGE_S;
}

static uint32_t max_age_s(int64_t again_s)
{
	return again_s < UINT32_MAX ? (uint32_t)again_s : UINT32_MAX;
}

/* An observer is told of changes: it has no need to poll. */
static uint32_t again_s(const struct coap_exchange *exchange)
{
	return max_age_s(tracker_poll_again_s(device_front_tracker(exchange->env->devices),
		exchange->contact.endpoint, exchange->now_ms));
}

static struct coap_answer nothing_to_install(uint32_t again_s)
{
	struct coap_answer missing = COAP_ANSWER(COAP_RESPONSE_CODE_NOT_FOUND);
	missing.payload = su_span_str("there is nothing to install");
	missing.max_age_s = again_s;
	return missing;
}

/* An error would end the observation (RFC 7641 section 4.2), so an observer is told "empty". */
static void reply_nothing(struct coap_exchange *exchange)
{
	struct coap_content nothing = { .content_format = -1 };
	struct coap_answer missing = nothing_to_install(again_s(exchange));
	/* A known device, although the answer may be an error. */
	coap_channel_note(exchange->env->channel, exchange->contact.endpoint, exchange->peer,
		exchange->now_ms);
	observe(exchange, SU_SPAN_EMPTY, &nothing);
	if (nothing.observed)
		coap_exchange_answer_content(exchange, &nothing);
	else
		coap_exchange_answer(exchange, &missing);
}

static void on_offer(void *arg, const struct offer *offer, const struct su_error *fault)
{
	struct coap_exchange *exchange = arg;
	struct blob_mapping *mapping = NULL;
	struct coap_content content;
	struct su_error err = { 0 };
	if (!exchange->env) { /* abandoned: this only frees it */
		coap_exchange_answer_code(exchange, COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE);
		return;
	}
	if (fault) {
		coap_exchange_answer_error(exchange, fault);
		return;
	}
	if (!offer) {
		reply_nothing(exchange);
		return;
	}
	if (coap_offer_content(exchange->env->blobs, offer, &mapping, &content, &err) != SU_OK) {
		coap_exchange_answer_error(exchange, &err);
		return;
	}
	content.max_age_s = again_s(exchange);
	observe(exchange, content.etag, &content);
	coap_exchange_answer_content(exchange, &content);
	blob_unmap(&mapping);
}

/* ?form= overrides, for this poll, what the registration said. */
static enum su_status read_form(const struct coap_request *request, struct su_arena *arena,
	struct contact *contact, struct su_error *err)
{
	const char *word = coap_request_query(request, "form");
	int value;
	if (!word)
		return SU_OK;
	SU_TRY(name_parse(envelope_form_names, "form", word, &value, err));
	enum envelope_form *form = su_arena_new_of(arena, enum envelope_form);
	*form = (enum envelope_form)value;
	contact->form = form;
	return SU_OK;
}

static bool accepts_envelope(const struct coap_request *request)
{
	return request->accept < 0 || request->accept == COAP_MEDIATYPE_APPLICATION_CBOR ||
	       request->accept == COAP_MEDIATYPE_APPLICATION_OCTET_STREAM;
}

void coap_manifest_get(struct coap_exchange *exchange)
{
	const struct coap_request *request = &exchange->request;
	struct su_error err = { 0 };
	if (!coap_exchange_identify(exchange, false))
		return;
	if (request->has_observe && request->observe == COAP_OBSERVE_CANCEL)
		coap_observers_remove(exchange->env->observers, exchange->peer, request->token);
	if (!accepts_envelope(request))
		coap_exchange_answer_text(exchange, COAP_RESPONSE_CODE_NOT_ACCEPTABLE,
			"an envelope is application/cbor (60)");
	else if (read_form(request, exchange->arena, &exchange->contact, &err) != SU_OK)
		coap_exchange_answer_error(exchange, &err);
	else
		tracker_poll(device_front_tracker(exchange->env->devices), &exchange->contact,
			on_offer, exchange);
}

/* Commands to a device need a session, which only libcoap makes: until it has one, its polls go there. */
static bool note_contact(
	struct coap_fast_call *call, struct contact *contact, const struct peek *seen)
{
	char address[COAP_PEER_ADDRESS_SIZE];
	struct coap_channel *channel = call->env->channel;
	if (seen->is_spoken_to && call->secure)
		coap_channel_note(channel, contact->endpoint, call->secure, call->now_ms);
	else if (seen->is_spoken_to &&
		 !coap_channel_note_at(channel, contact->endpoint, call->peer, call->now_ms))
		return false;
	if (seen->is_sight_due) {
		coap_peer_format(call->peer, address);
		contact->address = address;
		tracker_sight(device_front_tracker(call->env->devices), contact);
	}
	return true;
}

bool coap_manifest_get_fast(struct coap_fast_call *call, struct coap_answer *out)
{
	const struct coap_request *request = &call->request;
	struct coap_content content;
	struct contact contact = { .now_ms = call->now_ms };
	struct device_claim claim = { .endpoint = coap_request_query(request, "ep") };
	contact.transport = call->secure ? TRANSPORT_COAPS : TRANSPORT_COAP;
	if (call->secure) {
		claim.identity = call->secure->identity;
		claim.generation = call->secure->generation;
	}
	struct peek *seen = su_arena_new_of(call->arena, struct peek);
	if (!accepts_envelope(request) ||
		device_front_identify(call->env->devices, &claim, &contact, NULL) != SU_OK ||
		read_form(request, call->arena, &contact, NULL) != SU_OK ||
		!tracker_peek(device_front_tracker(call->env->devices), &contact, seen))
		return false;
	if (!seen->has_offer) {
		*out = nothing_to_install(max_age_s(seen->again_s));
		return note_contact(call, &contact, seen);
	}
	if (coap_offer_content(call->env->blobs, &seen->offer, &call->mapping, &content, NULL) !=
		SU_OK)
		return false;
	content.max_age_s = max_age_s(seen->again_s);
	return coap_reply_choose(request, &content, out, NULL) == 0 &&
	       note_contact(call, &contact, seen);
}
