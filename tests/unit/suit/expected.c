/* SPDX-License-Identifier: Apache-2.0 */
/* One comparison for each member of a description. */
#include "expected.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hex.h"
#include "base/memory.h"
#include "suit/hash.h"

struct comparison {
	const json_t *list; /* of expected commands */
	size_t next;
	char section[256];
};

static void assert_hex(struct su_arena *arena, struct su_span found, const json_t *wanted)
{
	assert_true(json_is_string(wanted));
	assert_string_equal(su_hex_encode_arena(arena, found), json_string_value(wanted));
}

static void assert_text(struct su_span found, const json_t *wanted)
{
	const char *text = json_is_string(wanted) ? json_string_value(wanted) : "";
	assert_int_equal(found.len, strlen(text));
	assert_memory_equal(found.data, text, found.len);
}

static void assert_uuid(struct su_uuid found, const json_t *wanted)
{
	char text[SU_UUID_TEXT_SIZE];
	su_uuid_format(found, text);
	assert_string_equal(text, json_string_value(wanted));
}

static void assert_version(const struct version *version, const json_t *wanted)
{
	assert_int_equal(version->n_parts, json_array_size(wanted));
	for (unsigned i = 0; i < version->n_parts; i++)
		assert_int_equal(version->parts[i], json_integer_value(json_array_get(wanted, i)));
}

static void assert_digest(struct su_arena *arena, const struct digest *found, const json_t *wanted)
{
	const json_t *alg = json_object_get(wanted, "alg");
	if (!alg)
		alg = json_object_get(wanted, "digest_alg");
	assert_int_equal(found->alg, json_integer_value(alg));
	assert_hex(arena, digest_span(found), json_object_get(wanted, "digest"));
}

/* Strings for numbers beyond what JSON readers keep exactly. */
static uint64_t uint_of(const json_t *value)
{
	return json_is_string(value) ? strtoull(json_string_value(value), NULL, 10)
				     : (uint64_t)json_integer_value(value);
}

static void check_auth(
	struct su_arena *arena, const struct envelope *envelope, const json_t *expected)
{
	const json_t *auth = json_object_get(expected, "auth"), *block;
	size_t i;
	assert_true(envelope->manifest_digest_matches);
	assert_digest(arena, &envelope->manifest_digest, auth);
	assert_int_equal(envelope->n_blocks, json_array_size(json_object_get(auth, "blocks")));
	json_array_foreach(json_object_get(auth, "blocks"), i, block) assert_int_equal(
		envelope->blocks[i].tag, json_integer_value(json_object_get(block, "tag")));
}

static void check_components(
	struct su_arena *arena, const struct manifest *manifest, const json_t *expected)
{
	const json_t *list = json_object_get(expected, "components");
	assert_int_equal(manifest->n_components, json_array_size(list));
	for (size_t i = 0; i < manifest->n_components; i++)
		assert_string_equal(component_id_format(arena, manifest->components[i]),
			json_string_value(json_array_get(list, i)));
	const json_t *id = json_object_get(expected, "manifest_component_id");
	assert_int_equal(manifest->has_component_id, json_is_string(id));
	if (json_is_string(id))
		assert_string_equal(
			component_id_format(arena, manifest->component_id), json_string_value(id));
	/* Published: an object by index; ours: a list. */
	const json_t *dependencies = json_object_get(expected, "dependencies");
	assert_int_equal(manifest->n_dependencies, json_is_object(dependencies)
							   ? json_object_size(dependencies)
							   : json_array_size(dependencies));
}

void expected_check_envelope(
	struct su_arena *arena, const struct envelope *envelope, const json_t *expected)
{
	const struct manifest *manifest = &envelope->manifest;
	assert_int_equal(envelope->input.len,
		(size_t)json_integer_value(json_object_get(expected, "bytes")));
	assert_int_equal(
		envelope->tagged, json_integer_value(json_object_get(expected, "tag")) == 107);
	assert_int_equal(envelope->manifest_content.len,
		(size_t)json_integer_value(json_object_get(expected, "manifest_len")));
	check_auth(arena, envelope, expected);
	assert_true(
		manifest->sequence_number == uint_of(json_object_get(expected, "sequence_number")));
	check_components(arena, manifest, expected);
	assert_text(manifest->reference_uri, json_object_get(expected, "reference_uri"));
	assert_version(&manifest->set_version, json_object_get(expected, "set_version"));
}

static void assert_sized_bytes(struct su_span found, const json_t *wanted)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	assert_hex(arena, found, json_object_get(wanted, "hex"));
}

static void assert_encryption_info(struct su_span found, const json_t *wanted)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct digest digest;
	assert_int_equal(found.len,
		(size_t)json_integer_value(json_object_get(wanted, "encryption-info-len")));
	assert_int_equal(hash_compute(DIGEST_SHA256, found, &digest, NULL), SU_OK);
	assert_hex(arena, digest_span(&digest), json_object_get(wanted, "sha256"));
}

static void check_number_parameter(
	const struct parameters *parameters, const char *name, const json_t *wanted)
{
	const struct {
		const char *name;
		uint64_t value;
	} numbers[] = {
		{ "image-size", parameters->image_size_bytes },
		{ "component-slot", parameters->component_slot },
		{ "source-component", parameters->source_component },
		{ "use-before", parameters->use_before_s },
		{ "minimum-battery", parameters->minimum_battery_mwh },
		{ "update-priority", (uint64_t)parameters->update_priority },
	};
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (strcmp(name, numbers[i].name) == 0) {
			assert_int_equal(numbers[i].value, json_integer_value(wanted));
			return;
		}
	fail_msg("no comparison for parameter %s", name);
}

static void check_parameter(
	const struct parameters *parameters, const char *name, const json_t *wanted)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct su_uuid vendor;
	if (strcmp(name, "vendor-id") == 0) {
		assert_true(parameters_vendor_uuid(parameters, &vendor));
		assert_uuid(vendor, wanted);
	} else if (strcmp(name, "class-id") == 0) {
		assert_uuid(parameters->class_identifier, wanted);
	} else if (strcmp(name, "image-digest") == 0) {
		assert_digest(arena, &parameters->image_digest, wanted);
	} else if (strcmp(name, "uri") == 0) {
		assert_text(parameters->uri, wanted);
	} else if (strcmp(name, "content") == 0) {
		assert_sized_bytes(parameters->content, wanted);
	} else if (strcmp(name, "invoke-args") == 0) {
		assert_sized_bytes(parameters->invoke_args, wanted);
	} else if (strcmp(name, "encryption-info") == 0) {
		assert_encryption_info(parameters->encryption_info, wanted);
	} else if (strcmp(name, "version") == 0) {
		assert_int_equal(parameters->version_comparison,
			json_integer_value(json_array_get(wanted, 0)));
		assert_version(&parameters->version, json_array_get(wanted, 1));
	} else if (strcmp(name, "wait-info") == 0) {
		assert_int_equal(parameters->wait_info.data[0] & 0x1f, json_object_size(wanted));
	} else {
		check_number_parameter(parameters, name, wanted);
	}
}

static void check_parameters(void *ctx, const struct parameters *parameters)
{
	const json_t *wanted = ctx, *value;
	const char *name;
	assert_int_equal(__builtin_popcountll(parameters->set), json_object_size(wanted));
	json_object_foreach((json_t *)wanted, name, value) check_parameter(parameters, name, value);
}

static void check_sequence(struct comparison *comparison, const struct sequence *sequence);

static void check_branches(struct comparison *comparison, const struct command *command)
{
	size_t len = strlen(comparison->section);
	for (size_t i = 0; i < command->n_branches; i++) {
		if (command->code == CMD_TRY_EACH)
			snprintf(comparison->section + len, sizeof(comparison->section) - len,
				"/try[%zu]", i);
		else
			snprintf(comparison->section + len, sizeof(comparison->section) - len,
				"/run");
		check_sequence(comparison, &command->branches[i]);
	}
	comparison->section[len] = '\0';
}

static void check_command(struct comparison *comparison, const struct command *command)
{
	const json_t *wanted = json_array_get(comparison->list, comparison->next++);
	assert_non_null(wanted);
	assert_string_equal(
		comparison->section, json_string_value(json_object_get(wanted, "section")));
	assert_int_equal(command->offset, json_integer_value(json_object_get(wanted, "offset")));
	assert_int_equal(command->code, json_integer_value(json_object_get(wanted, "code")));
	const json_t *policy = json_object_get(wanted, "policy");
	if (json_is_integer(policy))
		assert_int_equal(command_policy(command), json_integer_value(policy));
	const json_t *parameters = json_object_get(wanted, "params");
	if (parameters)
		command_visit_parameters(command, check_parameters, (void *)parameters);
	check_branches(comparison, command);
}

static void check_sequence(struct comparison *comparison, const struct sequence *sequence)
{
	for (size_t i = 0; i < sequence->n_commands; i++)
		check_command(comparison, &sequence->commands[i]);
}

void expected_check_commands(const struct manifest *manifest, const json_t *expected)
{
	struct comparison comparison = { .list = json_object_get(expected, "commands") };
	snprintf(comparison.section, sizeof(comparison.section), "shared");
	check_sequence(&comparison, &manifest->shared);
	for (size_t i = 0; i < manifest->n_members; i++) {
		snprintf(comparison.section, sizeof(comparison.section), "%s",
			manifest_key_name(manifest->members[i].key));
		check_sequence(&comparison, &manifest->members[i].sequence);
	}
	assert_int_equal(comparison.next, json_array_size(comparison.list));
}

void expected_check_severed(
	struct su_arena *arena, const struct manifest *manifest, const json_t *expected)
{
	const json_t *severed = json_object_get(expected, "severed"), *wanted;
	size_t n = 0;
	for (size_t i = 0; i < manifest->n_members; i++) {
		const struct manifest_member *member = &manifest->members[i];
		if (!member->severed)
			continue;
		n++;
		wanted = json_object_get(severed, manifest_key_name(member->key));
		assert_non_null(wanted);
		assert_digest(arena, &member->digest, wanted);
		assert_int_equal(member->present,
			json_is_true(json_object_get(wanted, "present_in_envelope")));
		assert_int_equal(member->matches, member->present);
	}
	assert_int_equal(n, json_object_size(severed));
}

void expected_check_integrated(
	struct su_arena *arena, const struct envelope *envelope, const json_t *expected)
{
	const json_t *integrated = json_object_get(expected, "integrated"), *wanted;
	const char *key;
	struct digest digest;
	assert_int_equal(envelope->n_integrated, json_object_size(integrated));
	json_object_foreach((json_t *)integrated, key, wanted)
	{
		const struct integrated_payload *payload = envelope_payload(envelope, key);
		assert_non_null(payload);
		assert_int_equal(payload->content.len,
			(size_t)json_integer_value(json_object_get(wanted, "len")));
		assert_int_equal(
			hash_compute(DIGEST_SHA256, payload->content, &digest, NULL), SU_OK);
		assert_hex(arena, digest_span(&digest), json_object_get(wanted, "sha256"));
	}
}

static bool optional_text_equal(const char *found, const json_t *wanted)
{
	if (!json_is_string(wanted))
		return !found;
	return found && strcmp(found, json_string_value(wanted)) == 0;
}

static bool is_image(struct su_arena *arena, const struct survey_image *image, const json_t *wanted)
{
	char digest[DIGEST_TEXT_SIZE];
	const char *component =
		image->component.encoded.len ? component_id_format(arena, image->component) : NULL;
	digest_format(&image->digest, digest);
	return optional_text_equal(component, json_object_get(wanted, "component")) &&
	       optional_text_equal(digest, json_object_get(wanted, "digest")) &&
	       optional_text_equal(image->uri, json_object_get(wanted, "uri")) &&
	       image->is_dependency == json_is_true(json_object_get(wanted, "is_dependency")) &&
	       image->has_size &&
	       image->size_bytes == (uint64_t)json_integer_value(json_object_get(wanted, "size"));
}

/* The order is that of components here and that of sequences there; in both dependencies come first. */
static void check_images(struct su_arena *arena, const struct survey *survey, const json_t *wanted)
{
	assert_int_equal(survey->n_images, json_array_size(wanted));
	for (size_t i = 0; i < survey->n_images; i++) {
		bool found = false;
		if (i > 0 && survey->images[i].is_dependency)
			assert_true(survey->images[i - 1].is_dependency);
		for (size_t j = 0; j < json_array_size(wanted); j++)
			found |= is_image(arena, &survey->images[i], json_array_get(wanted, j));
		if (!found)
			fail_msg("image %zu is not expected: uri %s", i,
				survey->images[i].uri ? survey->images[i].uri : "none");
	}
}

static void check_ids(const struct su_uuid *ids, size_t n, const json_t *wanted)
{
	assert_int_equal(n, json_array_size(wanted));
	for (size_t i = 0; i < n; i++)
		assert_uuid(ids[i], json_array_get(wanted, i));
}

static void assert_optional_number(bool has, int64_t found, const json_t *wanted)
{
	assert_int_equal(has, json_is_integer(wanted));
	if (has)
		assert_int_equal(found, json_integer_value(wanted));
}

void expected_check_survey(
	struct su_arena *arena, const struct survey *survey, const json_t *expected)
{
	if (!json_is_null(json_object_get(expected, "images")))
		check_images(arena, survey, json_object_get(expected, "images"));
	check_ids(
		survey->vendor_ids, survey->n_vendor_ids, json_object_get(expected, "vendor_ids"));
	check_ids(survey->class_ids, survey->n_class_ids, json_object_get(expected, "class_ids"));
	check_ids(
		survey->device_ids, survey->n_device_ids, json_object_get(expected, "device_ids"));
	assert_optional_number(survey->has_update_priority, survey->update_priority,
		json_object_get(expected, "update_priority"));
	assert_optional_number(survey->use_before_s > 0, (int64_t)survey->use_before_s,
		json_object_get(expected, "use_before"));
	assert_optional_number(survey->has_minimum_battery, (int64_t)survey->minimum_battery_mwh,
		json_object_get(expected, "minimum_battery"));
}
