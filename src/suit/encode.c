/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sequences are flat lists of items that get their head last; a manifest is put together from its
 * parts when it is finished, because maps are sorted and digests depend on all of it.
 */
#include "suit/encode.h"

#include <stdlib.h>

#include "base/memory.h"
#include "suit/hash.h"
#include "suit/value_cbor.h"

#define THE_MANIFEST_VERSION 1

enum common_key { COMMON_DEPENDENCIES = 1, COMMON_COMPONENTS = 2, COMMON_SHARED = 4 };
enum envelope_key { KEY_WRAPPER = 2, KEY_MANIFEST = 3 };

struct member {
	enum manifest_key key;
	bool sever;
	struct su_buf content;
};

struct payload {
	struct su_buf key; /* encoded */
	struct su_buf content;
};

/* Owned parts; lists grow one at a time, for they are short. */
struct manifest_builder {
	uint64_t sequence_number;
	struct su_buf reference_uri; /* encoded; empty: none */
	struct su_buf component_id;
	struct version set_version;
	size_t n_components, n_dependencies;
	struct su_buf components, dependencies; /* encoded, without their heads */
	struct su_buf shared;
	size_t n_members, n_payloads;
	struct member *members;
	struct payload *payloads;
};

static void put_code(struct sequence_builder *seq, enum command_code code)
{
	cbor_put_uint(&seq->items, code);
	seq->n_items += 2;
}

static void put_sequence(struct su_buf *out, const struct sequence_builder *seq)
{
	cbor_put_array(out, seq->n_items);
	su_buf_append_span(out, su_buf_span(&seq->items));
}

static void put_wrapped_sequence(struct su_buf *out, const struct sequence_builder *seq)
{
	struct su_buf encoded su_auto(su_buf_free) = { 0 };
	put_sequence(&encoded, seq);
	cbor_put_bstr(out, su_buf_span(&encoded));
}

void sequence_put_condition(struct sequence_builder *seq, enum command_code code, uint64_t policy)
{
	put_code(seq, code);
	cbor_put_uint(&seq->items, policy);
}

void sequence_put_directive(struct sequence_builder *seq, enum command_code code, uint64_t policy)
{
	sequence_put_condition(seq, code, policy);
}

void sequence_put_index(struct sequence_builder *seq, uint64_t component_index)
{
	put_code(seq, CMD_SET_COMPONENT_INDEX);
	cbor_put_uint(&seq->items, component_index);
}

void sequence_put_index_all(struct sequence_builder *seq)
{
	put_code(seq, CMD_SET_COMPONENT_INDEX);
	cbor_put_bool(&seq->items, true);
}

void sequence_put_index_list(struct sequence_builder *seq, const uint64_t *indexes, size_t n)
{
	put_code(seq, CMD_SET_COMPONENT_INDEX);
	cbor_put_array(&seq->items, n);
	for (size_t i = 0; i < n; i++)
		cbor_put_uint(&seq->items, indexes[i]);
}

void sequence_put_parameters(
	struct sequence_builder *seq, enum command_code code, const struct parameters *parameters)
{
	put_code(seq, code);
	parameters_put(&seq->items, parameters);
}

void sequence_put_try_each(struct sequence_builder *seq, const struct sequence_builder *branches,
	size_t n_branches, bool nil_branch)
{
	put_code(seq, CMD_TRY_EACH);
	cbor_put_array(&seq->items, n_branches + nil_branch);
	for (size_t i = 0; i < n_branches; i++)
		put_wrapped_sequence(&seq->items, &branches[i]);
	if (nil_branch)
		cbor_put_null(&seq->items);
}

void sequence_put_run(struct sequence_builder *seq, const struct sequence_builder *inner)
{
	put_code(seq, CMD_RUN_SEQUENCE);
	put_wrapped_sequence(&seq->items, inner);
}

void sequence_builder_free(struct sequence_builder *seq)
{
	su_buf_free(&seq->items);
	seq->n_items = 0;
}

struct manifest_builder *manifest_builder_new(uint64_t sequence_number)
{
	struct manifest_builder *builder = su_new(struct manifest_builder);
	builder->sequence_number = sequence_number;
	return builder;
}

void manifest_builder_free(struct manifest_builder **builder)
{
	struct manifest_builder *old = *builder;
	if (!old)
		return;
	for (size_t i = 0; i < old->n_members; i++)
		su_buf_free(&old->members[i].content);
	for (size_t i = 0; i < old->n_payloads; i++) {
		su_buf_free(&old->payloads[i].key);
		su_buf_free(&old->payloads[i].content);
	}
	su_buf_free(&old->reference_uri);
	su_buf_free(&old->component_id);
	su_buf_free(&old->components);
	su_buf_free(&old->dependencies);
	su_buf_free(&old->shared);
	free(old->members);
	free(old->payloads);
	free(old);
	*builder = NULL;
}

void manifest_builder_reference_uri(struct manifest_builder *builder, const char *uri)
{
	su_buf_clear(&builder->reference_uri);
	cbor_put_tstr(&builder->reference_uri, uri);
}

void manifest_builder_component_id(struct manifest_builder *builder, struct component_id id)
{
	su_buf_clear(&builder->component_id);
	su_buf_append_span(&builder->component_id, id.encoded);
}

void manifest_builder_set_version(struct manifest_builder *builder, const struct version *version)
{
	builder->set_version = *version;
}

void manifest_builder_add_component(struct manifest_builder *builder, struct component_id id)
{
	su_buf_append_span(&builder->components, id.encoded);
	builder->n_components++;
}

/* Dependencies are given in the order of their indexes, or the result will not decode. */
void manifest_builder_add_dependency(
	struct manifest_builder *builder, uint64_t index, const struct component_id *prefix)
{
	struct su_buf *out = &builder->dependencies;
	cbor_put_uint(out, index);
	cbor_put_map(out, prefix ? 1 : 0);
	if (prefix) {
		cbor_put_uint(out, 1);
		su_buf_append_span(out, prefix->encoded);
	}
	builder->n_dependencies++;
}

void manifest_builder_shared(struct manifest_builder *builder, const struct sequence_builder *seq)
{
	su_buf_clear(&builder->shared);
	put_wrapped_sequence(&builder->shared, seq);
}

static struct member *add_member(
	struct manifest_builder *builder, enum manifest_key key, bool sever)
{
	builder->members =
		su_grow(builder->members, builder->n_members + 1, sizeof(*builder->members));
	struct member *member = &builder->members[builder->n_members++];
	*member = (struct member){ .key = key, .sever = sever };
	return member;
}

void manifest_builder_sequence(struct manifest_builder *builder, enum manifest_key key,
	const struct sequence_builder *seq, bool sever)
{
	put_sequence(&add_member(builder, key, sever)->content, seq);
}

void manifest_builder_member(
	struct manifest_builder *builder, enum manifest_key key, struct su_span encoded, bool sever)
{
	su_buf_append_span(&add_member(builder, key, sever)->content, encoded);
}

void manifest_builder_integrated(
	struct manifest_builder *builder, const char *key, struct su_span payload)
{
	builder->payloads =
		su_grow(builder->payloads, builder->n_payloads + 1, sizeof(*builder->payloads));
	struct payload *added = &builder->payloads[builder->n_payloads++];
	*added = (struct payload){ { 0 }, { 0 } };
	cbor_put_tstr(&added->key, key);
	su_buf_append_span(&added->content, payload);
}

static int compare_members(const void *a, const void *b)
{
	const struct member *left = a, *right = b;
	return (left->key > right->key) - (left->key < right->key);
}

static int compare_payloads(const void *a, const void *b)
{
	return su_span_compare(su_buf_span(&((const struct payload *)a)->key),
		su_buf_span(&((const struct payload *)b)->key));
}

/* qsort takes no null pointer, even for nothing. */
static void sort_parts(struct manifest_builder *builder)
{
	if (builder->n_members > 0)
		qsort(builder->members, builder->n_members, sizeof(*builder->members),
			compare_members);
	if (builder->n_payloads > 0)
		qsort(builder->payloads, builder->n_payloads, sizeof(*builder->payloads),
			compare_payloads);
}

static void put_common(const struct manifest_builder *builder, struct su_buf *out)
{
	struct su_buf common su_auto(su_buf_free) = { 0 };
	cbor_put_map(&common, (builder->n_dependencies > 0) + (builder->n_components > 0) +
				      (builder->shared.len > 0));
	if (builder->n_dependencies > 0) {
		cbor_put_uint(&common, COMMON_DEPENDENCIES);
		cbor_put_map(&common, builder->n_dependencies);
		su_buf_append_span(&common, su_buf_span(&builder->dependencies));
	}
	if (builder->n_components > 0) {
		cbor_put_uint(&common, COMMON_COMPONENTS);
		cbor_put_array(&common, builder->n_components);
		su_buf_append_span(&common, su_buf_span(&builder->components));
	}
	if (builder->shared.len > 0) {
		cbor_put_uint(&common, COMMON_SHARED);
		su_buf_append_span(&common, su_buf_span(&builder->shared));
	}
	cbor_put_bstr(out, su_buf_span(&common));
}

static void put_set_version(const struct manifest_builder *builder, struct su_buf *out)
{
	struct su_buf version su_auto(su_buf_free) = { 0 };
	value_cbor_put_version(&version, &builder->set_version);
	cbor_put_bstr(out, su_buf_span(&version));
}

static enum su_status put_member(
	const struct member *member, enum digest_alg alg, struct su_buf *out, struct su_error *err)
{
	struct digest digest;
	cbor_put_uint(out, member->key);
	if (!member->sever) {
		cbor_put_bstr(out, su_buf_span(&member->content));
		return SU_OK;
	}
	SU_TRY(hash_compute_bstr(alg, su_buf_span(&member->content), &digest, err));
	value_cbor_put_digest(out, &digest);
	return SU_OK;
}

static enum su_status put_manifest(const struct manifest_builder *builder, enum digest_alg alg,
	struct su_buf *out, struct su_error *err)
{
	cbor_put_map(out, 3 + (builder->reference_uri.len > 0) + (builder->component_id.len > 0) +
				  (builder->set_version.n_parts > 0) + builder->n_members);
	cbor_put_uint(out, MANIFEST_VERSION);
	cbor_put_uint(out, THE_MANIFEST_VERSION);
	cbor_put_uint(out, MANIFEST_SEQUENCE_NUMBER);
	cbor_put_uint(out, builder->sequence_number);
	cbor_put_uint(out, MANIFEST_COMMON);
	put_common(builder, out);
	if (builder->reference_uri.len > 0) {
		cbor_put_uint(out, MANIFEST_REFERENCE_URI);
		su_buf_append_span(out, su_buf_span(&builder->reference_uri));
	}
	if (builder->component_id.len > 0) {
		cbor_put_uint(out, MANIFEST_COMPONENT_ID);
		su_buf_append_span(out, su_buf_span(&builder->component_id));
	}
	if (builder->set_version.n_parts > 0) {
		cbor_put_uint(out, MANIFEST_SET_VERSION);
		put_set_version(builder, out);
	}
	for (size_t i = 0; i < builder->n_members; i++)
		SU_TRY(put_member(&builder->members[i], alg, out, err));
	return SU_OK;
}

/* The content of the wrapper's byte string: the digest, and blocks that are encoded already. */
static void put_wrapper(
	struct su_buf *out, struct su_span digest_encoded, struct su_span blocks, size_t n_blocks)
{
	struct su_buf wrapper su_auto(su_buf_free) = { 0 };
	cbor_put_array(&wrapper, 1 + n_blocks);
	cbor_put_bstr(&wrapper, digest_encoded);
	su_buf_append_span(&wrapper, blocks);
	cbor_put_uint(out, KEY_WRAPPER);
	cbor_put_bstr(out, su_buf_span(&wrapper));
}

static enum su_status put_envelope(const struct manifest_builder *builder, enum digest_alg alg,
	struct su_buf *out, struct su_error *err)
{
	struct su_buf manifest su_auto(su_buf_free) = { 0 };
	struct su_buf encoded su_auto(su_buf_free) = { 0 };
	struct digest digest;
	size_t n_severed = 0;
	SU_TRY(put_manifest(builder, alg, &manifest, err));
	SU_TRY(hash_compute_bstr(alg, su_buf_span(&manifest), &digest, err));
	value_cbor_put_digest(&encoded, &digest);
	for (size_t i = 0; i < builder->n_members; i++)
		n_severed += builder->members[i].sever;
	cbor_put_tag(out, ENVELOPE_TAG);
	cbor_put_map(out, 2 + n_severed + builder->n_payloads);
	put_wrapper(out, su_buf_span(&encoded), SU_SPAN_EMPTY, 0);
	cbor_put_uint(out, KEY_MANIFEST);
	cbor_put_bstr(out, su_buf_span(&manifest));
	for (size_t i = 0; i < builder->n_members; i++)
		if (builder->members[i].sever) {
			cbor_put_uint(out, builder->members[i].key);
			cbor_put_bstr(out, su_buf_span(&builder->members[i].content));
		}
	for (size_t i = 0; i < builder->n_payloads; i++) {
		su_buf_append_span(out, su_buf_span(&builder->payloads[i].key));
		cbor_put_bstr(out, su_buf_span(&builder->payloads[i].content));
	}
	return SU_OK;
}

enum su_status manifest_builder_finish(struct manifest_builder *builder, enum digest_alg alg,
	struct su_buf *out, struct su_error *err)
{
	static const struct envelope_options options = { 0 };
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct su_buf built su_auto(su_buf_free) = { 0 };
	struct envelope envelope;
	sort_parts(builder);
	SU_TRY(put_envelope(builder, alg, &built, err));
	SU_TRY(envelope_decode(arena, su_buf_span(&built), &options, &envelope, err));
	su_buf_append_span(out, su_buf_span(&built));
	return SU_OK;
}

/* Appends the blocks that the envelope has, as they are. */
static void copy_blocks(struct su_span wrapper, struct su_buf *out)
{
	struct cbor cursor = cbor_open(wrapper, true);
	size_t n = cbor_array(&cursor);
	(void)cbor_item(&cursor);
	for (; n > 1; n--)
		su_buf_append_span(out, cbor_item(&cursor));
}

/* Writes the envelope again with another wrapper; it was decoded, so its map is as it should be. */
static void put_signed(
	const struct envelope *envelope, struct su_span added_block, struct su_buf *out)
{
	struct cbor cursor = cbor_open(envelope->input, true);
	struct su_buf blocks su_auto(su_buf_free) = { 0 };
	if (envelope->tagged)
		cbor_put_tag(out, cbor_tag(&cursor));
	cbor_put_map(out, cbor_map(&cursor));
	(void)cbor_uint(&cursor);
	copy_blocks(cbor_bstr(&cursor), &blocks);
	cbor_put_bstr(&blocks, added_block);
	put_wrapper(out, envelope->digest_encoded, su_buf_span(&blocks), envelope->n_blocks + 1);
	su_buf_append(out, cursor.input.data + cursor.pos, cursor.input.len - cursor.pos);
}

enum su_status envelope_sign(struct su_span encoded, const struct envelope_options *options,
	const struct key *key, enum cose_alg alg, struct su_span kid, struct su_buf *out,
	struct su_error *err)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct su_buf block su_auto(su_buf_free) = { 0 };
	struct envelope envelope;
	SU_TRY(envelope_decode(arena, encoded, options, &envelope, err));
	if (!envelope.manifest_digest_matches)
		return su_fail(err, SU_UNAUTHENTIC, "manifest",
			"a manifest whose digest is wrong cannot be signed");
	if (envelope.n_blocks == ENVELOPE_MAX_SIGNATURES)
		return su_fail(err, SU_TOO_LARGE, "authentication-wrapper",
			"the envelope has %d signatures already", ENVELOPE_MAX_SIGNATURES);
	SU_TRY(cose_sign(key, alg, envelope.digest_encoded, true, kid, &block, err));
	put_signed(&envelope, su_buf_span(&block), out);
	return SU_OK;
}
