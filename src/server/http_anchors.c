/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/trust-anchors: keys that may sign manifests, and keys that sign devices' reports. */
#include <string.h>

#include "base/memory.h"
#include "model/device.h"
#include "server/http_handlers.h"
#include "server/http_json.h"
#include "server/http_values.h"
#include "server/http_views.h"
#include "store/anchor_store.h"
#include "suit/key.h"

#define MAX_NAME_BYTES   100
#define MAX_PEM_BYTES    8192
#define MAX_REASON_BYTES 500

struct anchor_request {
	struct trust_anchor anchor;
	const char *purpose, *pem;
	const json_t *jwk;
};

static enum su_status read_request(
	struct http_call *call, struct anchor_request *out, struct su_error *err)
{
	struct http_json_reader reader = http_json_reader_of(call->json);
	struct trust_anchor *anchor = &out->anchor;
	*out = (struct anchor_request){ 0 };
	anchor->id = su_uuid_v7(call->now_ms);
	anchor->created_at_ms = call->now_ms;
	anchor->name = http_json_need_text(&reader, "name", MAX_NAME_BYTES);
	out->purpose = http_json_read_text(&reader, "purpose", MAX_NAME_BYTES);
	out->pem = http_json_read_text(&reader, "pem", MAX_PEM_BYTES);
	out->jwk = http_json_read_object(&reader, "jwk");
	anchor->n_vendor_ids =
		http_json_read_uuids(&reader, call->arena, "vendor_ids", &anchor->vendor_ids);
	anchor->n_class_ids =
		http_json_read_uuids(&reader, call->arena, "class_ids", &anchor->class_ids);
	anchor->endpoint = http_json_read_text(&reader, "endpoint", ENDPOINT_MAX_BYTES);
	return http_json_end(&reader, err);
}

static enum su_status check_request(struct anchor_request *request, struct su_error *err)
{
	struct trust_anchor *anchor = &request->anchor;
	int purpose = ANCHOR_AUTHOR;
	if (request->purpose)
		SU_TRY(name_parse(
			anchor_purpose_names, "purpose", request->purpose, &purpose, err));
	anchor->purpose = (enum anchor_purpose)purpose;
	if (!request->pem == !request->jwk)
		return su_fail(err, SU_INVALID, "pem", "one of pem and jwk must be given");
	if (anchor->purpose == ANCHOR_AUTHOR && anchor->endpoint)
		return su_fail(err, SU_INVALID, "endpoint",
			"an author's key belongs to no device: endpoint goes with purpose device");
	if (anchor->purpose == ANCHOR_DEVICE && !anchor->endpoint)
		return su_fail(err, SU_INVALID, "endpoint",
			"endpoint must name the device that owns the key");
	if (anchor->purpose == ANCHOR_DEVICE && (anchor->n_vendor_ids || anchor->n_class_ids))
		return su_fail(err, SU_INVALID, "vendor_ids",
			"a device's key is bound by its endpoint, not by vendor or class");
	return anchor->endpoint ? endpoint_check(su_span_str(anchor->endpoint), err) : SU_OK;
}

static enum su_status parse_key(
	const struct anchor_request *request, struct key **out, struct su_error *err)
{
	if (request->pem)
		return key_from_pem(su_span_str(request->pem), out, err);
	char *text su_auto(su_free_ptr) = json_dumps(request->jwk, JSON_COMPACT);
	return key_from_jwk(su_span_str(text), out, err);
}

static enum su_status take_key(struct http_call *call, const struct anchor_request *request,
	struct trust_anchor *anchor, struct su_error *err)
{
	struct key *key su_auto(key_free) = NULL;
	uint8_t thumbprint[32];
	enum su_status status = parse_key(request, &key, err);
	if (status != SU_OK) {
		if (err)
			su_error_within(err, request->pem ? "pem" : "jwk");
		return status;
	}
	if (key_is_private(key))
		return su_fail(err, SU_INVALID, request->pem ? "pem" : "jwk",
			"this is a private key: only its public half may leave its owner");
	if (key_is_published_example(key) && !call->env->intake->allow_example_keys)
		return su_fail(err, SU_DENIED, request->pem ? "pem" : "jwk",
			"the private half of this key is printed in a specification: anybody can "
			"sign with it");
	SU_TRY(key_thumbprint(key, thumbprint, err));
	anchor->spki = key_spki(call->arena, key);
	anchor->key_type = key_type_name(key_type_of(key));
	anchor->thumbprint = su_arena_copy(call->arena, su_span_of(thumbprint, sizeof(thumbprint)));
	return SU_OK;
}

enum su_status http_anchors_create(struct http_call *call, struct su_error *err)
{
	struct anchor_request request;
	struct trust_anchor *anchor = &request.anchor;
	SU_TRY(read_request(call, &request, err));
	SU_TRY(check_request(&request, err));
	SU_TRY(take_key(call, &request, anchor, err));

	struct txn txn = txn_begin(call->conn);
	anchor_store_insert(&txn, anchor, call->actor->name);
	http_value_audit(call, &txn, "trust_anchor.create", anchor->name, NULL);
	SU_TRY(txn_commit(&txn, err));
	http_reply_json_take(call, 201, http_view_anchor(call->arena, anchor));
	return SU_OK;
}

static void append_anchors(
	struct http_call *call, struct txn *txn, enum anchor_purpose purpose, json_t *items)
{
	struct trust_anchor *anchors;
	size_t n = anchor_store_list(txn, call->arena, purpose, &anchors);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(items, http_view_anchor(call->arena, &anchors[i]));
}

enum su_status http_anchors_list(struct http_call *call, struct su_error *err)
{
	const char *text = http_call_query(call, "purpose");
	int purpose = 0;
	if (text)
		SU_TRY(name_parse(anchor_purpose_names, "purpose", text, &purpose, err));
	json_t *items = json_array();
	struct txn txn = txn_begin(call->conn);
	if (!text || purpose == ANCHOR_AUTHOR)
		append_anchors(call, &txn, ANCHOR_AUTHOR, items);
	if (!text || purpose == ANCHOR_DEVICE)
		append_anchors(call, &txn, ANCHOR_DEVICE, items);
	enum su_status status = txn_commit(&txn, err);
	if (status != SU_OK) {
		json_decref(items);
		return status;
	}
	http_reply_json_take(call, 200, http_json_page_take(items, NULL));
	return SU_OK;
}

static enum su_status unknown_anchor(struct su_error *err)
{
	return su_fail(err, SU_NOT_FOUND, "id", "there is no such trust anchor");
}

enum su_status http_anchors_get(struct http_call *call, struct su_error *err)
{
	struct trust_anchor anchor;
	struct su_uuid id;
	SU_TRY(http_value_uuid(call, &id, err));
	struct txn txn = txn_begin(call->conn);
	bool found = anchor_store_get(&txn, call->arena, id, &anchor);
	SU_TRY(txn_commit(&txn, err));
	if (!found)
		return unknown_anchor(err);
	http_reply_json_take(call, 200, http_view_anchor(call->arena, &anchor));
	return SU_OK;
}

/* Revoking twice is no error: the first time stays. */
enum su_status http_anchors_revoke(struct http_call *call, struct su_error *err)
{
	struct http_json_reader reader = http_json_reader_of(call->json);
	const char *reason = http_json_read_text(&reader, "reason", MAX_REASON_BYTES);
	struct trust_anchor anchor = { .name = "" };
	struct su_uuid id;
	SU_TRY(http_value_uuid(call, &id, err));
	SU_TRY(http_json_end(&reader, err));
	struct txn txn = txn_begin(call->conn);
	bool found = anchor_store_get(&txn, call->arena, id, &anchor);
	if (found && !anchor.revoked_at_ms) {
		anchor_store_revoke(&txn, id, reason, call->now_ms);
		http_value_audit(call, &txn, "trust_anchor.revoke", anchor.name, NULL);
		found = anchor_store_get(&txn, call->arena, id, &anchor);
	}
	SU_TRY(txn_commit(&txn, err));
	if (!found)
		return unknown_anchor(err);
	http_reply_json_take(call, 200, http_view_anchor(call->arena, &anchor));
	return SU_OK;
}
