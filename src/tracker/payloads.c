/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing what a manifest says of its payloads with the payloads. */
#include "tracker/payloads.h"

#include <string.h>

#include "base/hex.h"
#include "store/image_store.h"
#include "suit/hash.h"

#define MAX_DEPTH    4
#define MAX_PAYLOADS 1024

/* One walk over an envelope and its integrated dependencies. */
struct walk {
	struct txn *txn;
	struct su_arena *arena;
	const struct payload_rules *rules;
	struct payloads *out;
	unsigned depth;
};

static enum su_status walk_envelope(
	struct walk *walk, const struct envelope *envelope, struct su_error *err);

static bool is_same(const struct release_image *a, const struct release_image *b)
{
	bool same_uri = a->uri ? b->uri && strcmp(a->uri, b->uri) == 0 : !b->uri;
	return same_uri && component_id_equal(a->component, b->component) &&
	       digest_equal(&a->digest, &b->digest) && a->has_size == b->has_size &&
	       a->size_bytes == b->size_bytes;
}

static enum su_status add(struct walk *walk, const struct release_image *image, const char *path,
	struct su_error *err)
{
	struct payloads *out = walk->out;
	for (size_t i = 0; i < out->n_images; i++)
		if (is_same(&out->images[i], image))
			return SU_OK;
	if (out->n_images == MAX_PAYLOADS)
		return su_fail(err, SU_TOO_LARGE, "images", "are more than %d", MAX_PAYLOADS);
	if (path)
		out->paths[out->n_paths++] = (struct release_path){ path, out->n_images };
	out->images[out->n_images++] = *image;
	return SU_OK;
}

static enum su_status check_length(
	const struct survey_image *image, uint64_t found_bytes, struct su_error *err)
{
	if (image->has_size && image->size_bytes != found_bytes)
		return su_fail(err, SU_INVALID, "image_size",
			"says %llu bytes, the payload has %llu",
			(unsigned long long)image->size_bytes, (unsigned long long)found_bytes);
	return SU_OK;
}

static enum su_status check_integrated(
	const struct survey_image *image, struct su_span content, struct su_error *err)
{
	SU_TRY(check_length(image, content.len, err));
	if (!digest_is_set(&image->digest))
		return SU_OK;
	struct digest found;
	SU_TRY(hash_compute(image->digest.alg, content, &found, err));
	if (!digest_equal(&found, &image->digest))
		return su_fail(err, SU_UNAUTHENTIC, "image_digest",
			"the integrated payload %s has another digest", image->uri);
	return SU_OK;
}

/* An integrated dependency is an envelope: its digest is the manifest's, and it is signed itself. */
static enum su_status walk_dependency(struct walk *walk, const struct survey_image *image,
	struct su_span content, struct su_error *err)
{
	if (walk->depth == MAX_DEPTH)
		return su_fail(err, SU_INVALID, "dependencies", "are nested too deeply");
	const struct envelope_options options = { .allow_untagged = walk->rules->allow_untagged };
	struct envelope *envelope = su_arena_new_of(walk->arena, struct envelope);
	struct survey *survey = su_arena_new_of(walk->arena, struct survey);
	struct trust_result result;
	SU_TRY(check_length(image, content.len, err));
	SU_TRY(envelope_decode(walk->arena, content, &options, envelope, err));
	if (digest_is_set(&image->digest) &&
		!digest_equal(&image->digest, &envelope->manifest_digest))
		return su_fail(err, SU_UNAUTHENTIC, "image_digest",
			"the dependency %s has another manifest digest", image->uri);
	SU_TRY(survey_manifest(walk->arena, &envelope->manifest, survey, err));
	enum su_status judged = trust_judge(walk->arena, envelope, survey, walk->rules->anchors,
		walk->rules->n_anchors, &result, err);
	if (judged != SU_OK)
		return su_fail(err, judged == SU_NOT_FOUND ? SU_UNAUTHENTIC : judged,
			"dependencies", "%s is signed by nobody who is trusted for it", image->uri);
	walk->depth++;
	SU_TRY(walk_envelope(walk, envelope, err));
	walk->depth--;
	return SU_OK;
}

static enum su_status take_integrated(struct walk *walk, const struct envelope *envelope,
	const struct survey_image *image, struct release_image *row, struct su_error *err)
{
	const struct integrated_payload *payload = envelope_payload(envelope, image->uri);
	if (!payload)
		return su_fail(
			err, SU_INVALID, "uri", "the envelope has no payload %.100s", image->uri);
	row->integrated = row->present = true;
	if (image->is_dependency) {
		SU_TRY(walk_dependency(walk, image, payload->content, err));
	} else if (!image->encrypted) {
		SU_TRY(check_integrated(image, payload->content, err));
	}
	return add(walk, row, NULL, err);
}

/* A dependency is present when its release lacks nothing; what comes later completes both. */
static enum su_status take_dependency(struct walk *walk, const struct survey_image *image,
	const struct public_uri *uri, struct release_image *row, struct su_error *err)
{
	struct release known;
	if (release_store_get(walk->txn, walk->arena, &image->digest, &known)) {
		SU_TRY(check_length(image, known.envelope_bytes, err));
		if (uri->blob_hex &&
			strcmp(su_hex_encode_arena(walk->arena, digest_span(&known.envelope)),
				uri->blob_hex) != 0)
			return su_fail(err, SU_INVALID, "uri",
				"the dependency's envelope has another digest than the path");
		row->present = known.state != RELEASE_INCOMPLETE;
	}
	return add(walk, row, uri->blob_hex ? NULL : uri->path, err);
}

/* The digest of the file that is fetched, which for encrypted images is not that of the image. */
static enum su_status file_digest(const struct survey_image *image, const struct public_uri *uri,
	struct release_image *row, struct su_error *err)
{
	if (!image->encrypted && digest_is_set(&image->digest) &&
		image->digest.alg != DIGEST_SHA256)
		return su_fail(err, SU_UNSUPPORTED, "image_digest",
			"must be SHA-256 for %.100s, which this server shall hold", image->uri);
	if (uri->blob_hex) {
		uint8_t bytes[32];
		size_t len;
		SU_TRY(su_hex_decode(su_span_str(uri->blob_hex), bytes, sizeof(bytes), &len, err));
		struct digest named = digest_sha256(bytes);
		if (!image->encrypted && digest_is_set(&image->digest) &&
			!digest_equal(&named, &image->digest))
			return su_fail(
				err, SU_INVALID, "uri", "names another blob than the image digest");
		row->digest = named;
	} else if (image->encrypted) {
		return su_fail(err, SU_UNSUPPORTED, "uri",
			"an encrypted image is served from here only as /blob/<SHA-256 of the"
			" ciphertext>");
	}
	if (image->encrypted)
		row->has_size = false;
	if (!digest_is_set(&row->digest))
		return su_fail(err, SU_INVALID, "image_digest",
			"is missing for %.100s, which this server shall hold", image->uri);
	return SU_OK;
}

static enum su_status take_hosted(struct walk *walk, const struct survey_image *image,
	const struct public_uri *uri, struct release_image *row, struct su_error *err)
{
	row->hosted = true;
	if (image->is_dependency && digest_is_set(&image->digest))
		return take_dependency(walk, image, uri, row, err);
	SU_TRY(file_digest(image, uri, row, err));
	struct image stored;
	if (image_store_get(walk->txn, walk->arena, &row->digest, &stored)) {
		if (row->has_size)
			SU_TRY(check_length(image, stored.size_bytes, err));
		row->present = true;
	}
	return add(walk, row, uri->blob_hex ? NULL : uri->path, err);
}

static enum su_status take_image(struct walk *walk, const struct envelope *envelope,
	const struct survey_image *image, struct su_error *err)
{
	struct release_image row = {
		.component = image->component,
		.digest = image->digest,
		.has_size = image->has_size,
		.size_bytes = image->size_bytes,
		.uri = image->uri,
	};
	if (!image->uri)
		return digest_is_set(&image->digest) ? add(walk, &row, NULL, err) : SU_OK;
	if (envelope_payload(envelope, image->uri))
		return take_integrated(walk, envelope, image, &row, err);
	struct public_uri uri;
	SU_TRY(public_uri_read(walk->arena, image->uri, &walk->rules->ours, &uri, err));
	switch (uri.kind) {
	case PUBLIC_URI_INTEGRATED:
		return take_integrated(walk, envelope, image, &row, err);
	case PUBLIC_URI_HOSTED:
		return take_hosted(walk, image, &uri, &row, err);
	case PUBLIC_URI_EXTERNAL:
		break;
	}
	return add(walk, &row, NULL, err);
}

/* NOLINTNEXTLINE(misc-no-recursion): bounded by MAX_DEPTH */
static enum su_status walk_envelope(
	struct walk *walk, const struct envelope *envelope, struct su_error *err)
{
	struct survey survey;
	SU_TRY(survey_manifest(walk->arena, &envelope->manifest, &survey, err));
	for (size_t i = 0; i < survey.n_images; i++) {
		SU_TRY(take_image(walk, envelope, &survey.images[i], err));
		if (!txn_ok(walk->txn)) {
			*err = walk->txn->error;
			return err->status;
		}
	}
	return SU_OK;
}

enum su_status payloads_collect(struct txn *txn, struct su_arena *arena,
	const struct payload_rules *rules, const struct envelope *envelope, struct payloads *out,
	struct su_error *err)
{
	*out = (struct payloads){ 0 };
	out->images = su_arena_array(arena, MAX_PAYLOADS, sizeof(*out->images));
	out->paths = su_arena_array(arena, MAX_PAYLOADS, sizeof(*out->paths));
	struct walk walk = { .txn = txn, .arena = arena, .rules = rules, .out = out };
	return walk_envelope(&walk, envelope, err);
}
