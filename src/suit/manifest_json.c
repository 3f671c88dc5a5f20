/* SPDX-License-Identifier: Apache-2.0 */
/* One function for each member of the document; null stands for what is not there. */
#include "suit/manifest_json.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "suit/hash.h"
#include "suit/manifest_text.h"

#define TEXT_MAX_BYTES 1024
/* The last second of the year 9999, behind which RFC 3339 has no dates. */
#define LAST_SECOND 253402300799

static void set(json_t *object, const char *member, json_t *value)
{
	if (json_object_set_new(object, member, value) != 0)
		abort();
}

static void append(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) != 0)
		abort();
}

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *span_or_null(struct su_span text)
{
	return text.len > 0 ? json_stringn((const char *)text.data, text.len) : json_null();
}

/* JSON integers end where int64 does, but SUIT's do not. */
static json_t *uint_json(uint64_t value)
{
	char text[24];
	if (value <= INT64_MAX)
		return json_integer((json_int_t)value);
	snprintf(text, sizeof(text), "%" PRIu64, value);
	return json_string(text);
}

static json_t *uint_or_null(bool has, uint64_t value)
{
	return has ? uint_json(value) : json_null();
}

static json_t *digest_or_null(const struct digest *digest)
{
	char text[DIGEST_TEXT_SIZE];
	if (!digest_is_set(digest))
		return json_null();
	digest_format(digest, text);
	return json_string(text);
}

static json_t *component_or_null(struct su_arena *arena, struct component_id id)
{
	return id.encoded.len > 0 ? json_string(component_id_format(arena, id)) : json_null();
}

static json_t *components_json(struct su_arena *arena, const struct manifest *manifest)
{
	json_t *list = json_array();
	for (size_t i = 0; i < manifest->n_components; i++)
		append(list, component_or_null(arena, manifest->components[i]));
	return list;
}

static json_t *dependencies_json(struct su_arena *arena, const struct manifest *manifest)
{
	json_t *list = json_array();
	for (size_t i = 0; i < manifest->n_dependencies; i++) {
		const struct manifest_dependency *dependency = &manifest->dependencies[i];
		json_t *row = json_object();
		set(row, "index", uint_json(dependency->index));
		set(row, "prefix", component_or_null(arena, dependency->prefix));
		append(list, row);
	}
	return list;
}

static json_t *version_or_null(const struct version *version)
{
	if (version->n_parts == 0)
		return json_null();
	json_t *list = json_array();
	for (unsigned i = 0; i < version->n_parts; i++)
		append(list, json_integer(version->parts[i]));
	return list;
}

static json_t *ids_json(const struct su_uuid *ids, size_t n)
{
	json_t *list = json_array();
	char text[SU_UUID_TEXT_SIZE];
	for (size_t i = 0; i < n; i++) {
		su_uuid_format(ids[i], text);
		append(list, json_string(text));
	}
	return list;
}

static json_t *image_json(struct su_arena *arena, const struct survey_image *image)
{
	json_t *row = json_object();
	set(row, "component", component_or_null(arena, image->component));
	set(row, "component_index", uint_json(image->component_index));
	set(row, "digest", digest_or_null(&image->digest));
	set(row, "size", uint_or_null(image->has_size, image->size_bytes));
	set(row, "uri", text_or_null(image->uri));
	set(row, "slot", uint_or_null(image->has_slot, image->slot));
	set(row, "encrypted", json_boolean(image->encrypted));
	set(row, "is_dependency", json_boolean(image->is_dependency));
	return row;
}

static json_t *images_json(struct su_arena *arena, const struct survey *survey)
{
	json_t *list = json_array();
	for (size_t i = 0; i < survey->n_images; i++)
		append(list, image_json(arena, &survey->images[i]));
	return list;
}

static json_t *use_before_json(uint64_t use_before_s)
{
	char text[SU_TIME_TEXT_SIZE];
	if (use_before_s == 0)
		return json_null();
	uint64_t shown_s = use_before_s < LAST_SECOND ? use_before_s : LAST_SECOND;
	su_time_format((int64_t)shown_s * 1000, text);
	return json_string(text);
}

static json_t *alg_json(const struct cose_signature *signature)
{
	const char *name = signature->has_alg ? cose_alg_name(signature->alg) : NULL;
	char number[24];
	if (name || !signature->has_alg)
		return text_or_null(name);
	snprintf(number, sizeof(number), "%" PRId64, signature->alg);
	return json_string(number);
}

static json_t *signature_json(struct su_arena *arena, const struct cose_signature *signature)
{
	json_t *row = json_object();
	set(row, "alg", alg_json(signature));
	set(row, "kid",
		signature->kid.len > 0 ? json_string(su_hex_encode_arena(arena, signature->kid))
				       : json_null());
	return row;
}

static json_t *block_json(struct su_arena *arena, const struct cose *block)
{
	json_t *row = block->n_signatures > 0 ? signature_json(arena, &block->signatures[0])
					      : json_object();
	set(row, "type", json_string(cose_tag_name(block->tag)));
	if (block->tag != COSE_SIGN)
		return row;
	json_t *signatures = json_array();
	for (size_t i = 0; i < block->n_signatures; i++)
		append(signatures, signature_json(arena, &block->signatures[i]));
	set(row, "signatures", signatures);
	return row;
}

static json_t *authentication_json(struct su_arena *arena, const struct envelope *envelope)
{
	json_t *list = json_array();
	for (size_t i = 0; i < envelope->n_blocks; i++)
		append(list, block_json(arena, &envelope->blocks[i]));
	return list;
}

static json_t *severed_json(const struct manifest *manifest)
{
	json_t *object = json_object();
	for (size_t i = 0; i < manifest->n_members; i++) {
		const struct manifest_member *member = &manifest->members[i];
		if (!member->severed)
			continue;
		json_t *row = json_object();
		set(row, "digest", digest_or_null(&member->digest));
		set(row, "present", json_boolean(member->present));
		set(row, "match", member->present ? json_boolean(member->matches) : json_null());
		set(object, manifest_key_name(member->key), row);
	}
	return object;
}

static json_t *sequence_json(const struct sequence *sequence);

static json_t *command_json(const struct command *command)
{
	json_t *row = json_object();
	set(row, "offset", json_integer((json_int_t)command->offset));
	set(row, "code", json_integer(command->code));
	set(row, "name", text_or_null(command_name(command->code)));
	if (command->n_branches == 0)
		return row;
	json_t *branches = json_array();
	for (size_t i = 0; i < command->n_branches; i++)
		append(branches, sequence_json(&command->branches[i]));
	set(row, "branches", branches);
	if (command->code == CMD_TRY_EACH)
		set(row, "or_nothing", json_boolean(command->nil_branch));
	return row;
}

static json_t *sequence_json(const struct sequence *sequence)
{
	json_t *list = json_array();
	for (size_t i = 0; i < sequence->n_commands; i++)
		append(list, command_json(&sequence->commands[i]));
	return list;
}

static json_t *sections_json(const struct manifest *manifest)
{
	json_t *object = json_object();
	if (manifest->has_shared)
		set(object, "shared", sequence_json(&manifest->shared));
	for (size_t i = 0; i < manifest->n_members; i++) {
		const struct manifest_member *member = &manifest->members[i];
		if (member->matches && manifest_key_is_sequence(member->key))
			set(object, manifest_key_name(member->key),
				sequence_json(&member->sequence));
	}
	return object;
}

/* Line ends become spaces; other control characters, and what deceives a reader, go. */
static json_t *clean_text(struct su_span text)
{
	struct su_buf clean su_auto(su_buf_free) = { 0 };
	while (text.len > 0 && clean.len < TEXT_MAX_BYTES) {
		uint32_t code_point;
		size_t n = su_utf8_next(text, &code_point);
		if (n == 0)
			break;
		if (code_point == '\n' || code_point == '\t')
			su_buf_append_byte(&clean, ' ');
		else if (su_utf8_is_printable(code_point))
			su_buf_append(&clean, text.data, n);
		text = su_span_of(text.data + n, text.len - n);
	}
	if (text.len > 0)
		su_buf_append(&clean, "\u2026", 3);
	return json_string(su_buf_str(&clean));
}

/* The object below a member, made if it is not there. */
static json_t *descend(json_t *object, const char *member)
{
	if (!json_object_get(object, member))
		set(object, member, json_object());
	return json_object_get(object, member);
}

struct text_view {
	struct su_arena *arena;
	json_t *object;
};

static void show_text(void *ctx, const struct manifest_text *text)
{
	const struct text_view *view = ctx;
	const char *name = manifest_text_key_name(text);
	json_t *at = descend(view->object,
		su_arena_strndup(view->arena, text->language.data, text->language.len));
	if (text->component.encoded.len > 0)
		at = descend(descend(at, "components"),
			component_id_format(view->arena, text->component));
	if (!name)
		name = su_arena_printf(view->arena, "%" PRId64, text->key);
	set(at, name, clean_text(text->text));
}

static json_t *text_json(struct su_arena *arena, const struct manifest *manifest)
{
	const struct manifest_member *member = manifest_member(manifest, MANIFEST_TEXT);
	struct text_view view = { arena, json_object() };
	/* It was read before, so that it cannot fail now. */
	if (member && member->matches)
		(void)!manifest_text_read(member->content, show_text, &view, NULL);
	return view.object;
}

static json_t *integrated_json(const struct envelope *envelope)
{
	json_t *list = json_array();
	for (size_t i = 0; i < envelope->n_integrated; i++) {
		const struct integrated_payload *payload = &envelope->integrated[i];
		struct digest digest = { 0 };
		json_t *row = json_object();
		set(row, "key", json_string(payload->key));
		set(row, "size", uint_json(payload->content.len));
		if (hash_compute(DIGEST_SHA256, payload->content, &digest, NULL) == SU_OK)
			set(row, "digest", digest_or_null(&digest));
		append(list, row);
	}
	return list;
}

static json_t *warnings_json(const struct envelope *envelope, const struct survey *survey)
{
	json_t *list = json_array();
	if (!envelope->manifest_digest_matches)
		append(list, json_string("the manifest does not have the digest that is signed"));
	if (envelope->n_blocks == 0)
		append(list, json_string("the envelope is not signed"));
	if (!survey->checks_vendor && !survey->checks_class)
		append(list,
			json_string("neither vendor nor class is checked on every way, so this "
				    "fits any device"));
	for (size_t i = 0; i < survey->n_images; i++)
		if (survey->images[i].fetched && !digest_is_set(&survey->images[i].digest)) {
			append(list, json_string("a payload is fetched without a digest"));
			break;
		}
	return list;
}

static void set_identity(json_t *object, struct su_arena *arena, const struct envelope *envelope)
{
	const struct manifest *manifest = &envelope->manifest;
	set(object, "digest", digest_or_null(&envelope->manifest_digest));
	set(object, "digest_match", json_boolean(envelope->manifest_digest_matches));
	set(object, "manifest_version", json_integer(1));
	set(object, "sequence_number", uint_json(manifest->sequence_number));
	set(object, "components", components_json(arena, manifest));
	set(object, "manifest_component_id",
		manifest->has_component_id ? component_or_null(arena, manifest->component_id)
					   : json_null());
	set(object, "dependencies", dependencies_json(arena, manifest));
	set(object, "set_version", version_or_null(&manifest->set_version));
	set(object, "reference_uri", span_or_null(manifest->reference_uri));
}

static void set_survey(json_t *object, struct su_arena *arena, const struct survey *survey)
{
	set(object, "vendor_ids", ids_json(survey->vendor_ids, survey->n_vendor_ids));
	set(object, "class_ids", ids_json(survey->class_ids, survey->n_class_ids));
	set(object, "device_ids", ids_json(survey->device_ids, survey->n_device_ids));
	set(object, "images", images_json(arena, survey));
	set(object, "update_priority",
		survey->has_update_priority ? json_integer(survey->update_priority) : json_null());
	set(object, "use_before", use_before_json(survey->use_before_s));
	set(object, "minimum_battery",
		uint_or_null(survey->has_minimum_battery, survey->minimum_battery_mwh));
	set(object, "waits", json_boolean(survey->has_wait_info));
}

json_t *manifest_json(
	struct su_arena *arena, const struct envelope *envelope, const struct survey *survey)
{
	json_t *object = json_object();
	set_identity(object, arena, envelope);
	set_survey(object, arena, survey);
	set(object, "authentication", authentication_json(arena, envelope));
	set(object, "severed", severed_json(&envelope->manifest));
	set(object, "sections", sections_json(&envelope->manifest));
	set(object, "text", text_json(arena, &envelope->manifest));
	set(object, "integrated", integrated_json(envelope));
	set(object, "tagged", json_boolean(envelope->tagged));
	set(object, "envelope_bytes", uint_json(envelope->input.len));
	set(object, "warnings", warnings_json(envelope, survey));
	return object;
}
