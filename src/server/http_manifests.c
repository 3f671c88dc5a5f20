/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/manifests: envelopes on their way in, and shown. */
#include <string.h>

#include "server/http_approvals.h"
#include "server/http_handlers.h"
#include "server/http_json.h"
#include "server/http_values.h"
#include "server/http_views.h"
#include "store/release_store.h"
#include "suit/manifest_json.h"
#include "tracker/intake.h"

#define ENVELOPE_TYPE    "application/suit-envelope+cose"
#define MAX_LABELS_BYTES 4096

static enum su_status check_labels(const char *labels, struct su_error *err)
{
	json_error_t fault;
	json_t *parsed = json_loads(labels, JSON_REJECT_DUPLICATES, &fault);
	bool good = json_is_object(parsed) && strlen(labels) <= MAX_LABELS_BYTES;
	json_decref(parsed);
	if (!good)
		return su_fail(err, SU_INVALID, "labels",
			"labels must be a JSON object of at most %d bytes", MAX_LABELS_BYTES);
	return SU_OK;
}

static enum su_status reply_release(
	struct http_call *call, const struct intake_result *result, struct su_error *err)
{
	json_t *view;
	SU_TRY(http_approvals_show(call, &result->release, &view, err));
	http_json_put_take(view, "authentication", http_view_verdicts(&result->trust));
	http_reply_row_version(call, result->release.row_version);
	http_reply_json_take(call, result->created ? 201 : 200, view);
	return SU_OK;
}

enum su_status http_manifests_create(struct http_call *call, struct su_error *err)
{
	const char *kind_text = http_call_query(call, "kind");
	const char *labels = http_call_query(call, "labels");
	int kind = KIND_UNSPECIFIED;
	struct intake_result result = { .created = false };
	if (kind_text)
		SU_TRY(name_parse(release_kind_names, "kind", kind_text, &kind, err));
	if (labels)
		SU_TRY(check_labels(labels, err));
	const struct intake_request request = {
		.envelope = call->body,
		.kind = (enum release_kind)kind,
		.labels_json = labels,
		.actor = call->actor->name,
		.now_ms = call->now_ms,
	};
	SU_TRY(intake_manifest(call->env->intake, call->conn, call->env->blobs, call->arena,
		&request, &result, err));
	return reply_release(call, &result, err);
}

/* The stored envelope of a release. */
static enum su_status read_envelope(
	struct http_call *call, struct su_span *out, struct su_error *err)
{
	struct digest digest;
	struct release release;
	SU_TRY(http_value_digest(call, &digest, err));
	struct txn txn = txn_begin(call->conn);
	bool found = release_store_get(&txn, call->arena, &digest, &release);
	SU_TRY(txn_commit(&txn, err));
	if (!found)
		return su_fail(err, SU_NOT_FOUND, "digest", "there is no such manifest");
	return blob_read(call->env->blobs, &release.envelope, call->env->intake->max_envelope_bytes,
		call->arena, out, err);
}

/* It was decoded at intake: what does not decode now is our fault. */
static enum su_status decode(struct http_call *call, struct su_span bytes,
	struct envelope *envelope, struct survey *survey, struct su_error *err)
{
	const struct envelope_options options = { .allow_untagged = true };
	struct su_error fault = { 0 };
	if (envelope_decode(call->arena, bytes, &options, envelope, &fault) != SU_OK ||
		survey_manifest(call->arena, &envelope->manifest, survey, &fault) != SU_OK)
		return su_fail(
			err, SU_BUG, "", "the stored envelope does not decode: %.180s", fault.text);
	return SU_OK;
}

enum su_status http_manifests_get(struct http_call *call, struct su_error *err)
{
	const char *accept = http_call_header(call, "Accept");
	struct envelope envelope;
	struct survey survey;
	struct su_span bytes;
	SU_TRY(read_envelope(call, &bytes, err));
	http_reply_header(call, "Vary", "Accept");
	if (accept && strstr(accept, ENVELOPE_TYPE)) {
		http_reply_bytes(call, 200, ENVELOPE_TYPE, bytes);
		return SU_OK;
	}
	SU_TRY(decode(call, bytes, &envelope, &survey, err));
	http_reply_json_take(call, 200, manifest_json(call->arena, &envelope, &survey));
	return SU_OK;
}
