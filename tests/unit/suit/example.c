/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the recurring parts of test manifests. */
#include "example.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"

struct su_uuid example_uuid(const char *text)
{
	struct su_uuid id;
	assert_int_equal(su_uuid_parse(text, &id, NULL), SU_OK);
	return id;
}

struct digest example_digest(const char *text)
{
	struct digest digest;
	assert_int_equal(digest_parse(text, &digest, NULL), SU_OK);
	return digest;
}

struct component_id example_component(struct su_arena *arena, const char *text)
{
	struct component_id id;
	assert_int_equal(component_id_parse(arena, text, &id, NULL), SU_OK);
	return id;
}

struct parameters example_vendor(struct su_arena *arena, const char *uuid)
{
	struct su_uuid id = example_uuid(uuid);
	struct su_span bytes = su_arena_copy(arena, su_span_of(id.bytes, sizeof(id.bytes)));
	return (struct parameters){ .set = 1 << PARAM_VENDOR_IDENTIFIER,
		.vendor_identifier = bytes };
}

struct parameters example_class(const char *uuid)
{
	return (struct parameters){ .set = 1 << PARAM_CLASS_IDENTIFIER,
		.class_identifier = example_uuid(uuid) };
}

struct parameters example_identity(struct su_arena *arena)
{
	return example_join(example_vendor(arena, EXAMPLE_VENDOR), example_class(EXAMPLE_CLASS));
}

struct parameters example_image(const char *digest, uint64_t size_bytes)
{
	return (struct parameters){ .set = 1 << PARAM_IMAGE_DIGEST | 1 << PARAM_IMAGE_SIZE,
		.image_digest = example_digest(digest),
		.image_size_bytes = size_bytes };
}

struct parameters example_uri(const char *uri)
{
	return (struct parameters){ .set = 1 << PARAM_URI, .uri = su_span_str(uri) };
}

struct parameters example_slot(uint64_t slot)
{
	return (struct parameters){ .set = 1 << PARAM_COMPONENT_SLOT, .component_slot = slot };
}

struct parameters example_join(struct parameters a, struct parameters b)
{
	for (int key = 1; key < 64; key++)
		parameters_copy(&a, &b, (enum parameter_key)key);
	return a;
}

void example_put_override(struct sequence_builder *seq, struct parameters parameters)
{
	sequence_put_parameters(seq, CMD_OVERRIDE_PARAMETERS, &parameters);
}

void example_put_identity_check(struct sequence_builder *seq)
{
	sequence_put_condition(seq, CMD_VENDOR_IDENTIFIER, POLICY_ALL);
	sequence_put_condition(seq, CMD_CLASS_IDENTIFIER, POLICY_ALL);
}

void example_put_fetch(struct sequence_builder *seq, const char *uri)
{
	example_put_override(seq, example_uri(uri));
	sequence_put_directive(seq, CMD_FETCH, POLICY_FAIL);
	sequence_put_condition(seq, CMD_IMAGE_MATCH, POLICY_ALL);
}

static void put_slot(struct sequence_builder *seq, uint64_t slot, struct parameters parameters)
{
	example_put_override(seq, example_slot(slot));
	sequence_put_condition(seq, CMD_COMPONENT_SLOT, 5);
	example_put_override(seq, parameters);
}

void example_put_slots(
	struct sequence_builder *seq, struct parameters first, struct parameters second)
{
	struct sequence_builder branches[2] = { 0 };
	put_slot(&branches[0], 0, first);
	put_slot(&branches[1], 1, second);
	sequence_put_try_each(seq, branches, 2, false);
	sequence_builder_free(&branches[0]);
	sequence_builder_free(&branches[1]);
}

struct manifest_builder *example_builder(struct su_arena *arena, uint64_t sequence_number)
{
	struct manifest_builder *builder = manifest_builder_new(sequence_number);
	struct sequence_builder shared su_auto(sequence_builder_free) = { 0 };
	struct sequence_builder validate = { 0 };
	manifest_builder_add_component(builder, example_component(arena, "[h'00']"));
	example_put_override(&shared,
		example_join(example_identity(arena), example_image(EXAMPLE_DIGEST, EXAMPLE_SIZE)));
	example_put_identity_check(&shared);
	manifest_builder_shared(builder, &shared);
	sequence_put_condition(&validate, CMD_IMAGE_MATCH, POLICY_ALL);
	example_add(builder, MANIFEST_VALIDATE, &validate, false);
	return builder;
}

void example_add(struct manifest_builder *builder, enum manifest_key key,
	struct sequence_builder *seq, bool sever)
{
	manifest_builder_sequence(builder, key, seq, sever);
	sequence_builder_free(seq);
}

struct su_span example_finish(struct su_arena *arena, struct manifest_builder *builder)
{
	struct su_buf out su_auto(su_buf_free) = { 0 };
	struct su_error err = { 0 };
	if (manifest_builder_finish(builder, DIGEST_SHA256, &out, &err) != SU_OK)
		fail_msg("%s: %s", err.field, err.text);
	manifest_builder_free(&builder);
	return su_arena_copy(arena, su_buf_span(&out));
}

struct envelope example_decode(struct su_arena *arena, struct su_span encoded)
{
	static const struct envelope_options options = { 0 };
	struct envelope envelope;
	struct su_error err = { 0 };
	if (envelope_decode(arena, encoded, &options, &envelope, &err) != SU_OK)
		fail_msg("%s: %s", err.field, err.text);
	return envelope;
}
