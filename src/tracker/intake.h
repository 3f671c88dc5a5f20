/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A manifest on its way in: everything that is checked before a release exists (docs/security.md
 * lists the checks in order). Runs on a worker thread, straight through.
 */
#pragma once

#include "base/arena.h"
#include "model/image.h"
#include "model/release.h"
#include "store/blob.h"
#include "store/connection.h"
#include "suit/trust.h"

struct policy_holder;

struct intake_opts {
	size_t n_public_names; /* authorities whose URIs this server serves: "fw.example.com", with port if any */
	const char *const *public_names;
	bool allow_untagged;
	bool allow_example_keys; /* laboratories only */
	size_t max_envelope_bytes;
	struct policy_holder *policies; /* NULL: an operator approves */
};

struct intake_request {
	struct su_span envelope;
	enum release_kind kind;
	const char *labels_json; /* a JSON object, or NULL */
	const char *actor;
	int64_t now_ms;
};

struct intake_result {
	struct release release;
	bool created;              /* false: the same manifest was here already */
	struct trust_result trust; /* each authentication block on its own, also on refusal */
};

/*
 * SU_OK: stored. SU_INVALID, SU_UNSUPPORTED: malformed, old draft; SU_UNAUTHENTIC: digest or
 * signature; SU_DENIED: known key out of its scope, revoked, or a published example key;
 * SU_CONFLICT: sequence number or path; err->field names the member. Nothing is stored on a fault.
 * Images that the manifest needs and that are not here yet leave the release incomplete.
 */
enum su_status intake_manifest(const struct intake_opts *opts, struct store_conn *conn,
	struct blob_store *blobs, struct su_arena *arena, const struct intake_request *request,
	struct intake_result *out, struct su_error *err) SU_MUST_CHECK;

/* Records an image whose blob is stored, and completes the releases that waited for it. */
enum su_status intake_image(const struct intake_opts *opts, struct store_conn *conn,
	const struct image *image, struct su_error *err) SU_MUST_CHECK;
