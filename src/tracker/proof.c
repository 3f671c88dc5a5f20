/* SPDX-License-Identifier: Apache-2.0 */
/* Collecting the digests that prove an installation, and comparing them with what is reported. */
#include "tracker/proof.h"

#include "suit/interpret.h"

#define MAX_DEPTH 4

/* Which component indexes an image-match of the validate section looks at. */
struct matched {
	struct su_arena *arena;
	size_t n;
	uint64_t *indexes;
	size_t capacity;
};

static enum su_status on_condition(void *ctx, const struct interpreter *machine,
	const struct command *command, const struct command_site *site, struct su_error *err)
{
	(void)machine;
	(void)err;
	struct matched *matched = ctx;
	if (command->code == CMD_IMAGE_MATCH && matched->n < matched->capacity)
		matched->indexes[matched->n++] = site->component_index;
	return SU_OK;
}

static enum su_status on_directive(void *ctx, const struct interpreter *machine,
	const struct command *command, const struct command_site *site, struct su_error *err)
{
	(void)ctx;
	(void)machine;
	(void)command;
	(void)site;
	(void)err;
	return SU_OK;
}

/* A component that the device does not verify before it runs is not what runs: a place for
 * ciphertext, say. Without such checks every component counts. */
static void find_matched(
	struct su_arena *arena, const struct manifest *manifest, struct matched *out)
{
	out->arena = arena;
	out->capacity = 256;
	out->indexes = su_arena_array(arena, out->capacity, sizeof(*out->indexes));
	const struct interpreter_hooks hooks = {
		.ctx = out,
		.condition = on_condition,
		.directive = on_directive,
	};
	const enum manifest_key validate = MANIFEST_VALIDATE;
	if (interpret(arena, manifest, &validate, 1, &hooks, NULL, NULL) != SU_OK)
		out->n = 0;
}

static bool counts(const struct matched *matched, const struct survey_image *image)
{
	if (image->is_dependency || !digest_is_set(&image->digest))
		return false;
	for (size_t i = 0; i < matched->n; i++)
		if (matched->indexes[i] == image->component_index)
			return true;
	return matched->n == 0;
}

/* proof->components has room for it. */
static struct proof_component *component_of(
	struct su_arena *arena, struct proof *proof, struct component_id id)
{
	for (size_t i = 0; i < proof->n_components; i++)
		if (component_id_equal(proof->components[i].id, id))
			return &proof->components[i];
	struct proof_component *added = &proof->components[proof->n_components++];
	added->id.encoded = su_arena_copy(arena, id.encoded);
	return added;
}

/* The room doubles whenever it is full. */
static void add_digest(
	struct su_arena *arena, struct proof_component *component, const struct digest *digest)
{
	size_t n = component->n_digests;
	for (size_t i = 0; i < n; i++)
		if (digest_equal(&component->digests[i], digest))
			return;
	if ((n & (n - 1)) == 0) {
		struct digest *grown = su_arena_array(arena, n ? 2 * n : 1, sizeof(*grown));
		for (size_t i = 0; i < n; i++)
			grown[i] = component->digests[i];
		component->digests = grown;
	}
	component->digests[component->n_digests++] = *digest;
}

static void note_sequence(struct proof_component *component, uint64_t sequence_number)
{
	if (sequence_number > component->sequence_number)
		component->sequence_number = sequence_number;
}

static void add_images(struct su_arena *arena, const struct manifest *manifest,
	const struct survey *survey, struct proof *proof)
{
	struct matched matched = { 0 };
	find_matched(arena, manifest, &matched);
	struct proof_component *grown =
		su_arena_array(arena, proof->n_components + survey->n_images + 1, sizeof(*grown));
	for (size_t i = 0; i < proof->n_components; i++)
		grown[i] = proof->components[i];
	proof->components = grown;
	for (size_t i = 0; i < survey->n_images; i++)
		if (counts(&matched, &survey->images[i])) {
			struct proof_component *component =
				component_of(arena, proof, survey->images[i].component);
			note_sequence(component, manifest->sequence_number);
			add_digest(arena, component, &survey->images[i].digest);
		}
}

static enum su_status collect(struct su_arena *arena, const struct envelope *envelope,
	const struct survey *survey, unsigned depth, struct proof *proof, struct su_error *err);

static enum su_status collect_dependency(struct su_arena *arena, struct su_span input,
	unsigned depth, struct proof *proof, struct su_error *err)
{
	const struct envelope_options options = { .allow_untagged = true };
	struct envelope *envelope = su_arena_new_of(arena, struct envelope);
	struct survey *survey = su_arena_new_of(arena, struct survey);
	SU_TRY(envelope_decode(arena, input, &options, envelope, err));
	SU_TRY(survey_manifest(arena, &envelope->manifest, survey, err));
	return collect(arena, envelope, survey, depth + 1, proof, err);
}

/* NOLINTNEXTLINE(misc-no-recursion): bounded by MAX_DEPTH */
static enum su_status collect(struct su_arena *arena, const struct envelope *envelope,
	const struct survey *survey, unsigned depth, struct proof *proof, struct su_error *err)
{
	if (depth > MAX_DEPTH)
		return su_fail(err, SU_INVALID, "dependencies", "are nested too deeply");
	for (size_t i = 0; i < survey->n_images; i++) {
		const struct survey_image *image = &survey->images[i];
		if (!image->is_dependency || !image->uri)
			continue;
		const struct integrated_payload *payload = envelope_payload(envelope, image->uri);
		if (payload)
			SU_TRY(collect_dependency(arena, payload->content, depth, proof, err));
	}
	add_images(arena, &envelope->manifest, survey, proof);
	return SU_OK;
}

static void touch_components(
	struct su_arena *arena, const struct manifest *manifest, struct proof *proof)
{
	proof->touched = su_arena_array(arena, manifest->n_components + 1, sizeof(*proof->touched));
	for (size_t i = 0; i < manifest->n_components; i++)
		proof->touched[proof->n_touched++].encoded =
			su_arena_copy(arena, manifest->components[i].encoded);
}

enum su_status proof_collect(struct su_arena *arena, const struct envelope *envelope,
	const struct survey *survey, struct proof *out, struct su_error *err)
{
	*out = (struct proof){ .sequence_number = envelope->manifest.sequence_number };
	touch_components(arena, &envelope->manifest, out);
	return collect(arena, envelope, survey, 0, out, err);
}

void proof_put_before(struct su_arena *arena, struct proof *proof, const struct proof *below)
{
	const struct proof own = *proof;
	size_t most = own.n_components + below->n_components;
	proof->n_components = 0;
	proof->components = su_arena_array(arena, most, sizeof(*proof->components));
	for (size_t i = 0; i < most; i++) {
		const struct proof_component *from =
			i < below->n_components ? &below->components[i]
						: &own.components[i - below->n_components];
		struct proof_component *to = component_of(arena, proof, from->id);
		note_sequence(to, from->sequence_number);
		for (size_t k = 0; k < from->n_digests; k++)
			add_digest(arena, to, &from->digests[k]);
	}
}

enum proof_verdict proof_judge_component(
	const struct proof_component *component, const struct characteristics *told)
{
	const struct installed_component *installed =
		characteristics_component(told, component->id);
	if (!installed || !digest_is_set(&installed->digest))
		return PROOF_OPEN;
	bool comparable = false;
	for (size_t i = 0; i < component->n_digests; i++) {
		if (digest_equal(&component->digests[i], &installed->digest))
			return PROOF_HOLDS;
		comparable |= component->digests[i].alg == installed->digest.alg;
	}
	return comparable ? PROOF_FAILS : PROOF_OPEN;
}

/* A manifest without any digest: the sequence number is all that can tell. */
static enum proof_verdict judge_sequence(
	const struct proof *proof, const struct characteristics *told)
{
	for (size_t i = 0; i < proof->n_touched; i++) {
		const struct installed_component *installed =
			characteristics_component(told, proof->touched[i]);
		if (!installed || !installed->has_sequence_number ||
			installed->sequence_number != proof->sequence_number)
			return PROOF_OPEN;
	}
	return proof->n_touched ? PROOF_HOLDS : PROOF_OPEN;
}

enum proof_verdict proof_judge(const struct proof *proof, const struct characteristics *told)
{
	if (proof->n_components == 0)
		return judge_sequence(proof, told);
	enum proof_verdict verdict = PROOF_HOLDS;
	for (size_t i = 0; i < proof->n_components; i++) {
		enum proof_verdict one = proof_judge_component(&proof->components[i], told);
		if (one == PROOF_FAILS)
			return PROOF_FAILS;
		if (one == PROOF_OPEN)
			verdict = PROOF_OPEN;
	}
	return verdict;
}

/* Not older than what the proof asks for, as far as is known. */
static bool is_recent(const struct proof_component *wanted, const struct characteristics *told)
{
	const struct installed_component *installed = characteristics_component(told, wanted->id);
	return installed && installed->has_sequence_number &&
	       installed->sequence_number >= wanted->sequence_number;
}

bool proof_is_partial(const struct proof *proof, const struct characteristics *told)
{
	bool holds = false, fails = false;
	for (size_t i = 0; i < proof->n_components; i++) {
		const struct proof_component *wanted = &proof->components[i];
		enum proof_verdict one = proof_judge_component(wanted, told);
		holds |= one == PROOF_HOLDS;
		fails |= one == PROOF_FAILS && !is_recent(wanted, told);
	}
	return holds && fails;
}

const struct proof_component *proof_find_newer(
	const struct proof *proof, const struct characteristics *told)
{
	for (size_t i = 0; i < proof->n_components; i++) {
		const struct proof_component *wanted = &proof->components[i];
		const struct installed_component *installed =
			characteristics_component(told, wanted->id);
		if (proof_judge_component(wanted, told) == PROOF_FAILS && is_recent(wanted, told) &&
			installed->sequence_number > wanted->sequence_number)
			return wanted;
	}
	return NULL;
}

bool proof_unchanged(const struct proof *proof, const struct characteristics *before,
	const struct characteristics *after)
{
	for (size_t i = 0; i < proof->n_components; i++) {
		struct component_id id = proof->components[i].id;
		const struct installed_component *was = characteristics_component(before, id);
		const struct installed_component *is = characteristics_component(after, id);
		bool knew = was && digest_is_set(&was->digest);
		bool knows = is && digest_is_set(&is->digest);
		if (knew != knows || (knew && !digest_equal(&was->digest, &is->digest)))
			return false;
	}
	return true;
}
