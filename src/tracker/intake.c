/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of a manifest in their order, then its storage. */
#include "tracker/intake.h"

#include "base/memory.h"
#include "store/anchor_store.h"
#include "store/audit_store.h"
#include "store/image_store.h"
#include "store/release_store.h"
#include "suit/hash.h"
#include "tracker/payloads.h"
#include "tracker/release_approval.h"

/* One manifest on its way in. */
struct intake {
	const struct intake_opts *opts;
	struct store_conn *conn;
	struct blob_store *blobs;
	struct su_arena *arena;
	const struct intake_request *request;
	struct envelope envelope;
	struct survey survey;
	size_t n_anchors;
	struct trust_anchor *anchors;
	struct payloads payloads;
	struct su_buf small; /* the severed form */
};

static enum su_status decode(struct intake *intake, struct su_error *err)
{
	const struct envelope_options options = { .allow_untagged = intake->opts->allow_untagged };
	struct su_span bytes = intake->request->envelope;
	if (bytes.len > intake->opts->max_envelope_bytes)
		return su_fail(err, SU_TOO_LARGE, "",
			"an envelope may have %zu bytes, this has %zu",
			intake->opts->max_envelope_bytes, bytes.len);
	SU_TRY(envelope_decode(intake->arena, bytes, &options, &intake->envelope, err));
	if (intake->envelope.manifest.n_components == 0)
		return su_fail(err, SU_INVALID, "components", "the manifest names no component");
	return survey_manifest(intake->arena, &intake->envelope.manifest, &intake->survey, err);
}

static bool is_mac(enum cose_tag tag)
{
	return tag == COSE_MAC0 || tag == COSE_MAC;
}

static enum su_status check_signed(const struct envelope *envelope, struct su_error *err)
{
	if (envelope->n_blocks == 0)
		return su_fail(err, SU_UNAUTHENTIC, "authentication", "the manifest is not signed");
	for (size_t i = 0; i < envelope->n_blocks; i++)
		if (!is_mac(envelope->blocks[i].tag))
			return SU_OK;
	return su_fail(err, SU_UNAUTHENTIC, "authentication",
		"the manifest has only a MAC, which no public key can verify: sign it");
}

static bool is_example(const struct trust_anchor *anchor)
{
	struct key *key su_auto(key_free) = NULL;
	struct su_error ignored;
	return key_from_spki(anchor->spki, &key, &ignored) == SU_OK &&
	       key_is_published_example(key);
}

/* At least one good signature must be by a key that not everybody has. */
static enum su_status check_signers(
	const struct intake *intake, const struct trust_result *trust, struct su_error *err)
{
	for (size_t i = 0; i < trust->n_verdicts; i++) {
		const struct trust_verdict *verdict = &trust->verdicts[i];
		if (verdict->status == SU_OK &&
			(intake->opts->allow_example_keys || !is_example(verdict->anchor)))
			return SU_OK;
	}
	return su_fail(err, SU_DENIED, "authentication",
		"the manifest is signed with a key whose private half is published");
}

static enum su_status authenticate(
	struct intake *intake, struct trust_result *trust, struct su_error *err)
{
	SU_TRY(check_signed(&intake->envelope, err));
	struct txn txn = txn_begin(intake->conn);
	intake->n_anchors = anchor_store_list(&txn, intake->arena, ANCHOR_AUTHOR, &intake->anchors);
	SU_TRY(txn_commit(&txn, err));
	enum su_status status = trust_judge(intake->arena, &intake->envelope, &intake->survey,
		intake->anchors, intake->n_anchors, trust, err);
	/* No resource is missing: nobody whom we trust signed it. */
	if (status == SU_NOT_FOUND) {
		status = SU_UNAUTHENTIC;
		if (err)
			err->status = status;
	}
	SU_TRY(status);
	return check_signers(intake, trust, err);
}

static void collect_payloads(struct intake *intake, struct txn *txn)
{
	const struct payload_rules rules = {
		.ours = { intake->opts->n_public_names, intake->opts->public_names },
		.allow_untagged = intake->opts->allow_untagged,
		.anchors = intake->anchors,
		.n_anchors = intake->n_anchors,
	};
	struct su_error error;
	if (payloads_collect(txn, intake->arena, &rules, &intake->envelope, &intake->payloads,
		    &error) != SU_OK)
		txn_fail(txn, error.status, error.field, "%s", error.text);
}

/* Names both forms of the envelope; nothing is written yet. */
static enum su_status name_forms(
	struct intake *intake, struct release *release, struct su_error *err)
{
	struct su_span whole = intake->request->envelope;
	envelope_sever(&intake->envelope, &intake->small);
	SU_TRY(hash_compute(DIGEST_SHA256, whole, &release->envelope, err));
	SU_TRY(hash_compute(
		DIGEST_SHA256, su_buf_span(&intake->small), &release->severed_envelope, err));
	release->envelope_bytes = whole.len;
	release->severed_envelope_bytes = intake->small.len;
	return SU_OK;
}

/* When the database took the manifest, but before anybody can see it. */
static void store_forms(struct intake *intake, struct txn *txn)
{
	struct digest stored;
	struct su_error error;
	if (blob_put(intake->blobs, intake->request->envelope, &stored, &error) != SU_OK ||
		blob_put(intake->blobs, su_buf_span(&intake->small), &stored, &error) != SU_OK)
		txn_fail(txn, error.status, error.field, "%s", error.text);
}

static bool is_complete(const struct payloads *payloads)
{
	for (size_t i = 0; i < payloads->n_images; i++)
		if (payloads->images[i].hosted && !payloads->images[i].present)
			return false;
	return true;
}

static char *text_of(struct su_arena *arena, struct su_span span)
{
	return span.len ? su_arena_strndup(arena, span.data, span.len) : NULL;
}

static void describe(const struct intake *intake, struct release *out)
{
	const struct manifest *manifest = &intake->envelope.manifest;
	const struct survey *survey = &intake->survey;
	const struct intake_request *request = intake->request;
	/* A time beyond what the database can hold is as good as none. */
	bool has_use_before = survey->use_before_s > 0 && survey->use_before_s < 253402300800ULL;
	out->digest = intake->envelope.manifest_digest;
	out->sequence_number = manifest->sequence_number;
	out->scope = survey->scope;
	out->state = is_complete(&intake->payloads) ? RELEASE_VERIFIED : RELEASE_INCOMPLETE;
	out->targeted = survey->checks_vendor || survey->checks_class;
	out->version = manifest->set_version.n_parts
			       ? version_format(intake->arena, &manifest->set_version)
			       : NULL;
	out->reference_uri = text_of(intake->arena, manifest->reference_uri);
	out->has_update_priority = survey->has_update_priority;
	out->update_priority = survey->update_priority;
	out->use_before_ms = has_use_before ? (int64_t)survey->use_before_s * 1000 : 0;
	out->waits = survey->waits;
	out->kind = request->kind;
	out->labels_json = request->labels_json ? request->labels_json : "{}";
	out->n_images = intake->payloads.n_images;
	out->images = intake->payloads.images;
	out->published_by = request->actor;
	out->published_at_ms = request->now_ms;
}

static struct release_targets targets_of(
	const struct intake *intake, const struct trust_result *trust)
{
	struct su_uuid *signers =
		su_arena_array(intake->arena, trust->n_verdicts, sizeof(*signers));
	size_t n = 0;
	for (size_t i = 0; i < trust->n_verdicts; i++)
		if (trust->verdicts[i].status == SU_OK)
			signers[n++] = trust->verdicts[i].anchor->id;
	return (struct release_targets){
		.n_vendor_ids = intake->survey.n_vendor_ids,
		.vendor_ids = intake->survey.vendor_ids,
		.n_class_ids = intake->survey.n_class_ids,
		.class_ids = intake->survey.class_ids,
		.needs_class = intake->survey.needs_class,
		.n_signers = n,
		.signers = signers,
		.n_paths = intake->payloads.n_paths,
		.paths = intake->payloads.paths,
	};
}

static void audit_digest(
	struct txn *txn, const struct intake_request *request, const struct digest *digest)
{
	char text[DIGEST_TEXT_SIZE];
	digest_format(digest, text);
	const struct audit_entry entry = {
		.at_ms = request->now_ms,
		.actor = request->actor,
		.action = "manifest.publish",
		.subject = text,
	};
	audit_store_append(txn, &entry);
}

/* The same manifest may come again, from a pipeline that lost the answer. */
static enum su_status find_stored(
	struct intake *intake, struct release *out, bool *found_out, struct su_error *err)
{
	struct txn txn = txn_begin(intake->conn);
	*found_out = release_store_get(&txn, intake->arena, &intake->envelope.manifest_digest, out);
	if (txn_ok(&txn) && !*found_out)
		collect_payloads(intake, &txn);
	return txn_commit(&txn, err);
}

/* Those that lack nothing any more may be approved by the policy. */
static void approve_all(struct txn *txn, struct policy_holder *policies,
	const struct digest *releases, size_t n, int64_t now_ms)
{
	for (size_t i = 0; i < n; i++)
		(void)release_approval_by_policy(txn, policies, &releases[i], now_ms);
}

/* Dependents may wait for this one. */
static void complete(struct intake *intake, struct txn *txn, const struct release *release)
{
	struct policy_holder *policies = intake->opts->policies;
	const int64_t now_ms = intake->request->now_ms;
	const struct release_arrival arrival = { release->digest, release->envelope,
		release->envelope_bytes };
	struct digest *completed;
	size_t n = release_store_image_arrived(txn, intake->arena, &arrival, &completed);
	approve_all(txn, policies, &release->digest, 1, now_ms);
	approve_all(txn, policies, completed, n, now_ms);
}

static enum su_status insert(struct intake *intake, struct intake_result *out, struct su_error *err)
{
	struct release *release = &out->release;
	struct release_targets targets = targets_of(intake, &out->trust);
	struct txn txn = txn_begin(intake->conn);
	out->created = release_store_insert(&txn, release, &targets);
	if (out->created) {
		store_forms(intake, &txn);
		audit_digest(&txn, intake->request, &release->digest);
	}
	struct digest digest = release->digest;
	if (txn_ok(&txn))
		release_store_get(&txn, intake->arena, &digest, release);
	if (txn_ok(&txn) && out->created && release->state != RELEASE_INCOMPLETE) {
		complete(intake, &txn, release);
		release_store_get(&txn, intake->arena, &digest, release);
	}
	return txn_commit(&txn, err);
}

enum su_status intake_manifest(const struct intake_opts *opts, struct store_conn *conn,
	struct blob_store *blobs, struct su_arena *arena, const struct intake_request *request,
	struct intake_result *out, struct su_error *err)
{
	struct intake intake = {
		.opts = opts,
		.conn = conn,
		.blobs = blobs,
		.arena = arena,
		.request = request,
	};
	*out = (struct intake_result){ 0 };
	SU_TRY(decode(&intake, err));
	SU_TRY(authenticate(&intake, &out->trust, err));
	bool found;
	SU_TRY(find_stored(&intake, &out->release, &found, err));
	if (found)
		return SU_OK;
	describe(&intake, &out->release);
	enum su_status status = name_forms(&intake, &out->release, err);
	if (status == SU_OK)
		status = insert(&intake, out, err);
	su_buf_free(&intake.small);
	return status;
}

struct arrived {
	const struct image *image;
	struct policy_holder *policies;
};

static void record_arrival(struct txn *txn, void *arg)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct arrived *arrived = arg;
	const struct image *image = arrived->image;
	const struct release_arrival arrival = { image->digest, image->digest, image->size_bytes };
	struct digest *completed;
	image_store_insert(txn, image);
	size_t n = release_store_image_arrived(txn, arena, &arrival, &completed);
	approve_all(txn, arrived->policies, completed, n, image->uploaded_at_ms);
}

enum su_status intake_image(const struct intake_opts *opts, struct store_conn *conn,
	const struct image *image, struct su_error *err)
{
	struct arrived arrived = { .image = image, .policies = opts->policies };
	/* The blob is stored already: a connection that broke meanwhile is no reason to refuse it. */
	return txn_retry(conn, record_arrival, &arrived, err);
}
