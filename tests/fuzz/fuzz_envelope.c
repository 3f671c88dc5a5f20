/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Envelopes: decoded, surveyed, held against a device, made small and signed again. What was done
 * to a good envelope must not change its identity. A mutation nearly always breaks a digest, so
 * inspecting, which goes on then, is what reaches the code behind the digests.
 */
#include "base/arena.h"
#include "base/memory.h"
#include "fuzz_check.h"
#include "suit/encode.h"
#include "suit/fit.h"
#include "suit/survey.h"

static void require_same(struct su_span encoded, const struct envelope *original, size_t n_blocks)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	const struct envelope_options options = { .allow_untagged = true };
	struct envelope again;

	require(envelope_decode(arena, encoded, &options, &again, NULL) == SU_OK);
	require(digest_equal(&again.manifest_digest, &original->manifest_digest));
	require(su_span_equal(again.manifest_content, original->manifest_content));
	require(again.n_blocks == n_blocks && again.tagged == original->tagged);
}

static void try_rewriting(const struct envelope *envelope)
{
	const struct envelope_options options = { .allow_untagged = true };
	struct su_buf severed su_auto(su_buf_free) = { 0 };
	struct su_buf with_block su_auto(su_buf_free) = { 0 };
	struct key *key su_auto(key_free) = NULL;
	struct su_error err = { 0 };

	envelope_sever(envelope, &severed);
	require(severed.len <= envelope->input.len);
	require_same(su_buf_span(&severed), envelope, envelope->n_blocks);
	require(key_from_secret(su_span_str("sixteen bytes or more"), &key, &err) == SU_OK);
	enum su_status status = envelope_sign(envelope->input, &options, key, COSE_HMAC_256,
		su_span_str("kid"), &with_block, &err);
	require_told(status, &err);
	if (status == SU_OK)
		require_same(su_buf_span(&with_block), envelope, envelope->n_blocks + 1);
}

/* A device of which nothing is known, and one that has something to say to most conditions. */
static void try_device(struct su_arena *arena, const struct manifest *manifest)
{
	struct characteristics told = { 0 };
	struct su_error err = { 0 };

	require_told(fit_device(arena, manifest, &told, 0, &err), &err);
	told.has_battery = told.has_free_memory = told.has_device_id = true;
	for (size_t i = 0; i < manifest->n_components && i < DEVICE_MAX_COMPONENTS; i++) {
		told.components[i].id = manifest->components[i];
		told.components[i].digest = (struct digest){ DIGEST_SHA256, 32, { 1 } };
		told.components[i].version = (struct version){ 1, { 1 } };
		told.components[i].has_slot = true;
		told.n_components = i + 1;
	}
	require_told(fit_device(arena, manifest, &told, INT64_MAX, &err), &err);
}

static void try_survey(struct su_arena *arena, const struct manifest *manifest)
{
	struct su_error err = { 0 };
	struct survey survey;

	enum su_status status = survey_manifest(arena, manifest, &survey, &err);
	require_told(status, &err);
	if (status != SU_OK)
		return;
	require(survey.scope.len > 0);
	for (size_t i = 0; i < survey.n_images; i++)
		require(!survey.images[i].fetched || survey.images[i].uri);
}

static void try_options(struct su_span input, struct envelope_options options)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct su_error err = { 0 };
	struct envelope envelope;

	enum su_status status = envelope_decode(arena, input, &options, &envelope, &err);
	require_told(status, &err);
	if (status != SU_OK)
		return;
	require(envelope.manifest_digest_matches || options.inspect);
	require_inside(envelope.manifest_content, input);
	require_inside(envelope.digest_encoded, input);
	for (size_t i = 0; i < envelope.n_integrated; i++) {
		const struct integrated_payload *payload = &envelope.integrated[i];
		require_inside(payload->content, input);
		require(envelope_payload(&envelope, payload->key) == payload);
	}
	try_survey(arena, &envelope.manifest);
	try_device(arena, &envelope.manifest);
	if (!options.inspect)
		try_rewriting(&envelope);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct su_span input = su_span_of(data, size);

	try_options(input, (struct envelope_options){ .allow_untagged = true });
	try_options(input, (struct envelope_options){ .allow_untagged = true, .inspect = true });
	return 0;
}
