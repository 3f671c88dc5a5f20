/* SPDX-License-Identifier: Apache-2.0 */
/* /device/v1: registration, poll, status and report of devices that speak HTTP. */
#include "server/http_device.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hex.h"
#include "server/device_front.h"
#include "server/device_wire.h"
#include "server/http_channel.h"
#include "server/http_hold.h"

void http_device_reply_fault(struct http_call *call, const struct su_error *err)
{
	http_reply_error(call, err);
	if (err->status == SU_UNAUTHENTICATED)
		http_reply_header(call, "WWW-Authenticate",
			"Bearer realm=\"suitd devices\", error=\"invalid_token\"");
	http_hold_finish(call);
}

static void reply_status(struct http_call *call, unsigned status)
{
	http_reply_empty(call, status);
	http_hold_finish(call);
}

bool http_device_identify(struct http_call *call, bool endpoint_optional, struct contact *out)
{
	struct su_error err = { 0 };
	struct device_claim claim = {
		.endpoint = http_call_query(call, "ep"),
		.bearer = http_call_bearer(call),
		.endpoint_optional = endpoint_optional,
	};
	*out = (struct contact){
		.transport = call->secure ? TRANSPORT_HTTPS : TRANSPORT_HTTP,
		.address = call->address,
		.now_ms = call->now_ms,
	};
	enum su_status status = SU_NOT_FOUND;
	if (call->env->devices)
		status = device_front_identify(call->env->devices, &claim, out, &err);
	else
		(void)su_fail(&err, SU_NOT_FOUND, "", "there is no device plane here");
	if (status != SU_OK) {
		http_device_reply_fault(call, &err);
		return false;
	}
	out->endpoint = su_arena_strdup(call->arena, out->endpoint);
	if (out->endpoint)
		http_channel_heard(call->env->commands, out->endpoint);
	return true;
}

static struct tracker *tracker_of(const struct http_call *call)
{
	return device_front_tracker(call->env->devices);
}

static enum wire_format format_of(const struct http_call *call)
{
	const char *type = http_call_header(call, "Content-Type");
	const char *json = "application/json";
	return type && strncasecmp(type, json, strlen(json)) == 0 ? WIRE_JSON : WIRE_CBOR;
}

static enum su_status read_registration(
	struct http_call *call, struct registration *out, struct su_error *err)
{
	*out = (struct registration){ 0 };
	if (call->body.len > 0)
		SU_TRY(device_wire_read_registration(
			format_of(call), call->body, call->arena, out, err));
	if (out->lifetime_s == 0)
		SU_TRY(device_wire_parse_lifetime(
			http_call_query(call, "lt"), &out->lifetime_s, err));
	return SU_OK;
}

static void on_registered(void *arg, const struct su_uuid *id, const struct su_error *err)
{
	struct http_call *call = arg;
	if (err) {
		http_device_reply_fault(call, err);
		return;
	}
	char text[SU_UUID_TEXT_SIZE];
	su_uuid_format(*id, text);
	http_reply_header(call, "Location", "/device/v1/rd/%s", text);
	reply_status(call, 201);
}

static void on_done(void *arg, const struct su_error *err)
{
	if (err)
		http_device_reply_fault(arg, err);
	else
		reply_status(arg, 204);
}

void http_device_register(struct http_call *call)
{
	struct contact contact;
	struct registration registration;
	struct su_error err = { 0 };
	if (!http_device_identify(call, false, &contact))
		return;
	if (read_registration(call, &registration, &err) != SU_OK)
		http_device_reply_fault(call, &err);
	else
		tracker_register(tracker_of(call), &contact, &registration, on_registered, call);
}

static bool read_id(struct http_call *call, struct su_uuid *out)
{
	struct su_error err = { 0 };
	if (su_uuid_parse(call->values[0], out, NULL) == SU_OK)
		return true;
	(void)su_fail(&err, SU_NOT_FOUND, "", "there is no such registration");
	http_device_reply_fault(call, &err);
	return false;
}

void http_device_update(struct http_call *call)
{
	struct contact contact;
	struct registration change;
	struct su_uuid id;
	struct su_error err = { 0 };
	if (!http_device_identify(call, true, &contact) || !read_id(call, &id))
		return;
	if (read_registration(call, &change, &err) != SU_OK) {
		http_device_reply_fault(call, &err);
		return;
	}
	bool changes = device_wire_changes(&change);
	tracker_update(tracker_of(call), &contact, id, changes ? &change : NULL, on_done, call);
}

void http_device_remove(struct http_call *call)
{
	struct contact contact;
	struct su_uuid id;
	if (!http_device_identify(call, true, &contact) || !read_id(call, &id))
		return;
	tracker_remove(tracker_of(call), &contact, id, on_done, call);
}

/* If-None-Match is a list of quoted tags, or "*". */
static bool has_it(const struct http_call *call, const char *quoted)
{
	const char *tags = http_call_header(call, "If-None-Match");
	return tags && (strcmp(tags, "*") == 0 || strstr(tags, quoted));
}

static void reply_envelope(struct http_call *call, const struct offer *offer)
{
	struct su_error err = { 0 };
	int fd = -1;
	uint64_t size = 0;
	char *etag = su_arena_printf(call->arena, "\"%s\"",
		su_hex_encode_arena(call->arena, digest_span(&offer->envelope)));
	http_reply_header(call, "ETag", "%s", etag);
	if (has_it(call, etag)) {
		reply_status(call, 304);
		return;
	}
	if (blob_open_fd(call->env->blobs, &offer->envelope, &fd, &size, &err) != SU_OK) {
		(void)su_fail(&err, SU_IO, "", "the envelope is not there");
		http_device_reply_fault(call, &err);
		return;
	}
	http_reply_file_take(call, 200, fd, 0, size);
	call->reply.content_type = "application/suit-envelope+cose";
	http_hold_finish(call);
}

/* max-age is what Max-Age is over CoAP: so long another poll is of no use. */
static void reply_steering(struct http_call *call, const char *endpoint)
{
	int64_t again_s = tracker_poll_again_s(tracker_of(call), endpoint, call->now_ms);
	if (again_s > 0)
		http_reply_header(call, "Cache-Control", "private, max-age=%" PRId64, again_s);
}

static void on_offer(void *arg, const struct offer *offer, const struct su_error *fault)
{
	struct http_call *call = arg;
	if (fault) {
		http_device_reply_fault(call, fault);
		return;
	}
	if (offer) {
		http_reply_header(call, "Cache-Control", "no-cache");
		reply_steering(call, call->state);
		reply_envelope(call, offer);
		return;
	}
	http_reply_problem(call, 404, "there is nothing to install");
	reply_steering(call, call->state);
	http_hold_finish(call);
}

void http_device_manifest(struct http_call *call)
{
	struct contact contact;
	struct su_error err = { 0 };
	const char *word = http_call_query(call, "form");
	int value = ENVELOPE_FULL;
	if (!http_device_identify(call, false, &contact))
		return;
	if (word && name_parse(envelope_form_names, "form", word, &value, &err) != SU_OK) {
		http_device_reply_fault(call, &err);
		return;
	}
	enum envelope_form form = (enum envelope_form)value;
	contact.form = word ? &form : NULL;
	call->state = (void *)(uintptr_t)contact.endpoint;
	tracker_poll(tracker_of(call), &contact, on_offer, call);
}

void http_device_status(struct http_call *call)
{
	struct contact contact;
	struct status_message message;
	struct su_error err = { 0 };
	if (!http_device_identify(call, false, &contact))
		return;
	if (device_wire_read_status(format_of(call), call->body, call->arena, &message, &err) !=
		SU_OK)
		http_device_reply_fault(call, &err);
	else
		tracker_status(tracker_of(call), &contact, &message, on_done, call);
}

void http_device_report(struct http_call *call)
{
	struct contact contact;
	struct su_error err = { 0 };
	if (!http_device_identify(call, false, &contact))
		return;
	if (call->body.len == 0) {
		(void)su_fail(&err, SU_INVALID, "", "the body is empty: a SUIT_Report is expected");
		http_device_reply_fault(call, &err);
		return;
	}
	tracker_report(tracker_of(call), &contact, call->body, on_done, call);
}
