/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/devices/{endpoint}/credentials: pre-shared keys and bearer tokens of devices. */
#include "base/hex.h"
#include "model/device.h"
#include "server/credential.h"
#include "server/device_front.h"
#include "server/http_handlers.h"
#include "server/http_json.h"
#include "server/http_values.h"
#include "store/credential_store.h"

#define DEVICE_TOKEN_PREFIX "suitdev_"

struct credential_request {
	const char *psk_hex;
	int token; /* 1: make one, 0: take it away, -1: leave it */
};

static enum su_status read_request(
	struct http_call *call, struct credential_request *out, struct su_error *err)
{
	struct http_json_reader reader = http_json_reader_of(call->json);
	out->psk_hex = http_json_read_text(&reader, "psk", 4 * CREDENTIAL_PSK_MAX_BYTES);
	out->token = http_json_read_bool(&reader, "token");
	SU_TRY(http_json_end(&reader, err));
	SU_TRY(endpoint_check(su_span_str(call->values[0]), err));
	if (!out->psk_hex && out->token < 0)
		return su_fail(err, SU_INVALID, "psk", "give psk, token or both");
	return SU_OK;
}

static enum su_status seal_psk(
	struct http_call *call, const char *hex, struct su_span *out, struct su_error *err)
{
	uint8_t psk[CREDENTIAL_PSK_MAX_BYTES];
	size_t len = 0;
	if (!call->env->credential_key)
		return su_fail(err, SU_DENIED, "psk",
			"this server has no credential key, so it keeps no pre-shared keys");
	if (su_hex_decode(su_span_str(hex), psk, sizeof(psk), &len, NULL) != SU_OK)
		return su_fail(err, SU_INVALID, "psk", "psk must be %d to %d bytes in hexadecimal",
			CREDENTIAL_PSK_MIN_BYTES, CREDENTIAL_PSK_MAX_BYTES);
	return credential_seal_psk(call->env->credential_key, call->arena, call->values[0],
		su_span_of(psk, len), out, err);
}

/* The loop of this process shall know before the operator hears that it is done. */
static void tell_loop(const struct http_call *call, const struct credential *credential)
{
	if (call->env->devices)
		device_front_put_credential(call->env->devices, credential);
}

static void reply_credential(
	struct http_call *call, const struct credential *credential, const char *secret)
{
	json_t *view = json_object();
	http_json_put_text(view, "endpoint", credential->endpoint);
	http_json_put_bool(view, "psk", credential->psk_sealed.len > 0);
	if (secret)
		http_json_put_text(view, "token", secret);
	http_reply_json_take(call, 200, view);
}

/* What the request does not name stays as it is. */
enum su_status http_credentials_put(struct http_call *call, struct su_error *err)
{
	struct credential_request request;
	struct credential credential = { .endpoint = NULL };
	struct su_span sealed = SU_SPAN_EMPTY;
	uint8_t hash[CREDENTIAL_HASH_BYTES];
	const char *secret = NULL;
	SU_TRY(read_request(call, &request, err));
	if (request.psk_hex)
		SU_TRY(seal_psk(call, request.psk_hex, &sealed, err));

	struct txn txn = txn_begin(call->conn);
	credential_store_get(&txn, call->arena, call->values[0], &credential);
	credential.endpoint = call->values[0];
	if (sealed.len)
		credential.psk_sealed = sealed;
	if (request.token == 1) {
		secret = credential_new_secret(call->arena, DEVICE_TOKEN_PREFIX);
		credential_hash_secret(secret, hash);
	}
	if (request.token >= 0)
		credential.token_hash = secret ? su_span_of(hash, sizeof(hash)) : SU_SPAN_EMPTY;
	credential_store_put(&txn, &credential, call->actor->name, call->now_ms);
	http_value_audit(call, &txn, "credential.put", credential.endpoint, NULL);
	SU_TRY(txn_commit(&txn, err));
	tell_loop(call, &credential);
	reply_credential(call, &credential, secret);
	return SU_OK;
}

enum su_status http_credentials_delete(struct http_call *call, struct su_error *err)
{
	struct credential credential;
	struct txn txn = txn_begin(call->conn);
	if (!credential_store_get(&txn, call->arena, call->values[0], &credential))
		txn_fail(&txn, SU_NOT_FOUND, "endpoint", "this device has no credentials");
	credential_store_delete(&txn, call->values[0]);
	http_value_audit(call, &txn, "credential.delete", call->values[0], NULL);
	SU_TRY(txn_commit(&txn, err));
	tell_loop(call, &(struct credential){ .endpoint = call->values[0] });
	http_reply_empty(call, 204);
	return SU_OK;
}
