/* SPDX-License-Identifier: Apache-2.0 */
/* Makes its keys and images on the spot; nothing is read from files. */
#include "author.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/memory.h"
#include "suit/hash.h"

#define POLICY 15

struct key *author_key(void)
{
	struct key *key = NULL;
	assert_int_equal(key_generate(KEY_P256, &key, NULL), SU_OK);
	return key;
}

struct digest author_digest(struct su_span bytes)
{
	struct digest digest;
	assert_int_equal(hash_compute(DIGEST_SHA256, bytes, &digest, NULL), SU_OK);
	return digest;
}

struct component_id author_component(struct su_arena *arena, const char *text)
{
	struct component_id id;
	assert_int_equal(component_id_parse(arena, text ? text : "[h'00']", &id, NULL), SU_OK);
	return id;
}

struct su_uuid author_uuid(const char *text)
{
	struct su_uuid id;
	assert_int_equal(su_uuid_parse(text, &id, NULL), SU_OK);
	return id;
}

static void set(struct parameters *parameters, enum parameter_key key)
{
	parameters->set |= UINT64_C(1) << key;
}

static void put_image(struct parameters *parameters, const struct firmware *firmware)
{
	parameters->image_digest = digest_is_set(&firmware->image_digest)
					   ? firmware->image_digest
					   : author_digest(firmware->image);
	parameters->image_size_bytes =
		firmware->size_bytes ? firmware->size_bytes : firmware->image.len;
	if (!firmware->no_digest)
		set(parameters, PARAM_IMAGE_DIGEST);
	if (!firmware->no_digest && parameters->image_size_bytes)
		set(parameters, PARAM_IMAGE_SIZE);
}

static void put_conditions(struct parameters *parameters, const struct firmware *firmware)
{
	parameters->minimum_battery_mwh = firmware->minimum_battery_mwh;
	parameters->use_before_s = firmware->use_before_s;
	if (firmware->minimum_battery_mwh)
		set(parameters, PARAM_MINIMUM_BATTERY);
	if (firmware->use_before_s)
		set(parameters, PARAM_USE_BEFORE);
}

static void write_shared(struct manifest_builder *builder, const struct firmware *firmware)
{
	struct sequence_builder shared = { 0 };
	struct parameters parameters = { 0 };
	struct su_uuid vendor = author_uuid(AUTHOR_VENDOR);
	if (firmware->is_dependency)
		sequence_put_index(&shared, 0);
	if (!firmware->untargeted) {
		parameters.vendor_identifier = su_span_of(vendor.bytes, sizeof(vendor.bytes));
		parameters.class_identifier =
			author_uuid(firmware->class_id ? firmware->class_id : AUTHOR_CLASS);
		set(&parameters, PARAM_VENDOR_IDENTIFIER);
		set(&parameters, PARAM_CLASS_IDENTIFIER);
	}
	if (!firmware->is_dependency)
		put_image(&parameters, firmware);
	put_conditions(&parameters, firmware);
	sequence_put_parameters(&shared, CMD_OVERRIDE_PARAMETERS, &parameters);
	if (!firmware->untargeted) {
		sequence_put_condition(&shared, CMD_VENDOR_IDENTIFIER, POLICY);
		sequence_put_condition(&shared, CMD_CLASS_IDENTIFIER, POLICY);
	}
	if (firmware->minimum_battery_mwh)
		sequence_put_condition(&shared, CMD_MINIMUM_BATTERY, POLICY);
	if (firmware->use_before_s)
		sequence_put_condition(&shared, CMD_USE_BEFORE, POLICY);
	manifest_builder_shared(builder, &shared);
	sequence_builder_free(&shared);
}

static void write_install(struct manifest_builder *builder, const struct firmware *firmware)
{
	struct sequence_builder install = { 0 };
	struct parameters parameters = { .uri = su_span_str(firmware->uri) };
	if (firmware->is_dependency) {
		sequence_put_index(&install, 1);
		put_image(&parameters, firmware);
	}
	set(&parameters, PARAM_URI);
	sequence_put_parameters(&install, CMD_OVERRIDE_PARAMETERS, &parameters);
	sequence_put_directive(&install, CMD_FETCH, 2);
	if (firmware->is_dependency) {
		sequence_put_condition(&install, CMD_DEPENDENCY_INTEGRITY, POLICY);
		sequence_put_directive(&install, CMD_PROCESS_DEPENDENCY, 0);
	} else if (!firmware->no_digest) {
		sequence_put_condition(&install, CMD_IMAGE_MATCH, POLICY);
	}
	manifest_builder_sequence(builder, MANIFEST_INSTALL, &install, false);
	sequence_builder_free(&install);
}

static void write_validate(struct manifest_builder *builder)
{
	struct sequence_builder validate = { 0 };
	sequence_put_condition(&validate, CMD_IMAGE_MATCH, POLICY);
	manifest_builder_sequence(builder, MANIFEST_VALIDATE, &validate, false);
	sequence_builder_free(&validate);
}

static void write_text(struct manifest_builder *builder)
{
	struct su_buf text = { 0 };
	cbor_put_map(&text, 1);
	cbor_put_tstr(&text, "en");
	cbor_put_map(&text, 1);
	cbor_put_uint(&text, 1);
	cbor_put_tstr(&text, "A description that a small device can do without");
	manifest_builder_member(builder, MANIFEST_TEXT, su_buf_span(&text), true);
	su_buf_free(&text);
}

struct su_span author_draw_up(struct su_arena *arena, const struct firmware *firmware)
{
	struct manifest_builder *builder = manifest_builder_new(firmware->sequence_number);
	manifest_builder_add_component(builder, author_component(arena, firmware->component));
	if (firmware->is_dependency)
		manifest_builder_add_dependency(builder, 1, NULL);
	if (firmware->reference_uri)
		manifest_builder_reference_uri(builder, firmware->reference_uri);
	write_shared(builder, firmware);
	if (!firmware->is_dependency && !firmware->no_digest)
		write_validate(builder);
	if (firmware->uri)
		write_install(builder, firmware);
	if (firmware->severed_text)
		write_text(builder);
	if (firmware->integrated_key)
		manifest_builder_integrated(
			builder, firmware->integrated_key, firmware->integrated);
	struct su_buf out su_auto(su_buf_free) = { 0 };
	struct su_error error = { 0 };
	if (manifest_builder_finish(builder, DIGEST_SHA256, &out, &error) != SU_OK)
		fail_msg("%s %s", error.field, error.text);
	manifest_builder_free(&builder);
	return su_arena_copy(arena, su_buf_span(&out));
}

struct su_span author_sign(struct su_arena *arena, struct su_span envelope, const struct key *key)
{
	const struct envelope_options options = { 0 };
	struct su_buf out su_auto(su_buf_free) = { 0 };
	assert_int_equal(envelope_sign(envelope, &options, key, cose_alg_for(key), SU_SPAN_EMPTY,
				 &out, NULL),
		SU_OK);
	return su_arena_copy(arena, su_buf_span(&out));
}

struct su_span author_write(
	struct su_arena *arena, const struct firmware *firmware, const struct key *key)
{
	return author_sign(arena, author_draw_up(arena, firmware), key);
}
