/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a description: JSON to struct description, image files hashed on the way. */
#include "tools/description.h"

#include <string.h>

#include "base/memory.h"
#include "suit/envelope.h"
#include "tools/description_text.h"
#include "tools/description_timing.h"
#include "tools/image_file.h"
#include "tools/json_read.h"
#include "tools/whole_file.h"

#define DESCRIPTION_MAX_COMPONENTS 32
#define DESCRIPTION_MAX_SLOTS      8
#define INTEGRATED_MAX_BYTES       (16u << 20)

struct reader {
	struct su_arena *arena;
	const char *folder;
	struct description *out;
};

/* Names the member in which the fault was found. */
static enum su_status within(enum su_status status, const char *member, struct su_error *err)
{
	if (status != SU_OK)
		su_error_within(err, member);
	return status;
}

static enum su_status within_item(
	enum su_status status, const char *list, size_t i, struct su_error *err)
{
	char where[48];
	snprintf(where, sizeof(where), "%s[%zu]", list, i);
	return within(status, where, err);
}

static const char *resolve(const struct reader *reader, const char *file)
{
	if (*file == '/' || *reader->folder == '\0')
		return file;
	return su_arena_printf(reader->arena, "%s/%s", reader->folder, file);
}

/* A text that outlives the JSON it stands in. */
static enum su_status keep_string(const struct reader *reader, const json_t *object,
	const char *name, const char **out, struct su_error *err)
{
	const char *text = NULL;
	SU_TRY(json_read_string(object, name, &text, err));
	*out = su_arena_strdup(reader->arena, text);
	return SU_OK;
}

static enum su_status read_uuid(const json_t *object, const char *name, struct su_uuid *out,
	bool *has_out, struct su_error *err)
{
	const char *text = NULL;
	SU_TRY(json_read_string(object, name, &text, err));
	if (text == NULL)
		return SU_OK;
	*has_out = true;
	return within(su_uuid_parse(text, out, err), name, err);
}

/* Identifiers directly, or made of a domain and a class name (suit-manifest section 8.4.8.2). */
static enum su_status read_identity(
	const json_t *object, struct description *out, struct su_error *err)
{
	const char *domain = NULL, *class_name = NULL;
	SU_TRY(read_uuid(object, "vendor_id", &out->vendor_id, &out->has_vendor, err));
	SU_TRY(read_uuid(object, "class_id", &out->class_id, &out->has_class, err));
	SU_TRY(json_read_string(object, "vendor_domain", &domain, err));
	SU_TRY(json_read_string(object, "class_name", &class_name, err));
	if (domain != NULL && out->has_vendor)
		return su_fail(err, SU_INVALID, "vendor_domain", "stands beside vendor_id");
	if (class_name != NULL && out->has_class)
		return su_fail(err, SU_INVALID, "class_name", "stands beside class_id");
	if (domain != NULL) {
		out->vendor_id = su_uuid_v5(su_uuid_namespace_dns, su_span_str(domain));
		out->has_vendor = true;
	}
	if (class_name != NULL && !out->has_vendor)
		return su_fail(err, SU_INVALID, "class_name", "needs vendor_domain or vendor_id");
	if (class_name != NULL) {
		out->class_id = su_uuid_v5(out->vendor_id, su_span_str(class_name));
		out->has_class = true;
	}
	return SU_OK;
}

static enum su_status read_component_id(const struct reader *reader, const json_t *object,
	const char *name, struct component_id *out, bool *has_out, struct su_error *err)
{
	const char *text = NULL;
	SU_TRY(json_read_string(object, name, &text, err));
	if (text == NULL)
		return SU_OK;
	*has_out = true;
	return within(component_id_parse(reader->arena, text, out, err), name, err);
}

/* The payload is at hand as a file, or only known by digest and size. */
static enum su_status read_payload(const struct reader *reader, const json_t *object,
	const char *file, struct description_choice *out, struct su_error *err)
{
	if (file != NULL)
		return image_file_digest(resolve(reader, file), reader->out->digest_alg,
			&out->digest, &out->size_bytes, err);
	const char *digest = NULL;
	bool has_size = false;
	SU_TRY(json_read_string(object, "digest", &digest, err));
	SU_TRY(json_read_uint(object, "size", &out->size_bytes, &has_size, err));
	if (digest == NULL || !has_size)
		return su_fail(
			err, SU_INVALID, "image", "is missing: give image, or digest and size");
	return within(digest_parse(digest, &out->digest, err), "digest", err);
}

/* Without a URI the image is fetched by its digest, from the server that gave the manifest. */
static enum su_status default_uri(
	const struct reader *reader, struct description_choice *out, struct su_error *err)
{
	char text[DIGEST_TEXT_SIZE];
	if (out->uri != NULL)
		return SU_OK;
	if (out->digest.alg != DIGEST_SHA256)
		return su_fail(err, SU_INVALID, "uri", "is needed unless the digest is SHA-256");
	digest_format(&out->digest, text);
	out->uri = su_arena_printf(reader->arena, "/blob/%s", strchr(text, ':') + 1);
	return SU_OK;
}

/* The key of what travels inside the envelope: "#app.bin". */
static const char *integrated_name(const struct reader *reader, const char *file)
{
	const char *slash = strrchr(file, '/');
	return su_arena_printf(reader->arena, "#%s", slash != NULL ? slash + 1 : file);
}

static enum su_status read_choice(const struct reader *reader, const json_t *object,
	struct description_choice *out, struct su_error *err)
{
	const char *file = NULL;
	bool integrated = false;
	SU_TRY(json_read_uint(object, "slot", &out->slot, &out->has_slot, err));
	SU_TRY(json_read_string(object, "image", &file, err));
	SU_TRY(keep_string(reader, object, "uri", &out->uri, err));
	SU_TRY(json_read_bool(object, "integrated", &integrated, err));
	SU_TRY(read_payload(reader, object, file, out, err));
	if (!integrated)
		return default_uri(reader, out, err);
	if (file == NULL)
		return su_fail(err, SU_INVALID, "integrated", "needs image");
	if (out->uri == NULL)
		out->uri = integrated_name(reader, file);
	return whole_file_read(
		reader->arena, resolve(reader, file), INTEGRATED_MAX_BYTES, &out->integrated, err);
}

static enum su_status read_slots(const struct reader *reader, const json_t *slots,
	struct description_component *out, struct su_error *err)
{
	static const char *const names[] = { "slot", "image", "uri", "digest", "size", "integrated",
		NULL };
	size_t n = json_array_size(slots);
	if (n == 0 || n > DESCRIPTION_MAX_SLOTS)
		return su_fail(err, SU_INVALID, "slots", "must be a list of 1 to %d objects",
			DESCRIPTION_MAX_SLOTS);
	out->n_choices = n;
	out->choices = su_arena_array(reader->arena, n, sizeof(*out->choices));
	for (size_t i = 0; i < n; i++) {
		const json_t *slot = json_array_get(slots, i);
		enum su_status status = json_read_only(slot, names, err);
		if (status == SU_OK)
			status = read_choice(reader, slot, &out->choices[i], err);
		if (status == SU_OK && !out->choices[i].has_slot)
			status = su_fail(err, SU_INVALID, "slot", "is required");
		SU_TRY(within_item(status, "slots", i, err));
	}
	return SU_OK;
}

static enum su_status read_required_version(
	const json_t *object, struct description_component *out, struct su_error *err)
{
	static const char *const signs[] = { ">", ">=", "=", "<=", "<", NULL };
	const char *text = NULL;
	SU_TRY(json_read_string(object, "requires_version", &text, err));
	if (text == NULL)
		return SU_OK;
	size_t sign_len = strspn(text, "<>=");
	for (size_t i = 0; signs[i] != NULL; i++)
		if (strlen(signs[i]) == sign_len && strncmp(signs[i], text, sign_len) == 0)
			out->required_comparison = (enum version_comparison)(i + 1);
	if (out->required_comparison == 0)
		return su_fail(
			err, SU_INVALID, "requires_version", "must begin with one of > >= = <= <");
	out->has_required_version = true;
	text += sign_len;
	return within(version_parse(text + strspn(text, " "), &out->required_version, err),
		"requires_version", err);
}

static enum su_status read_component(const struct reader *reader, const json_t *object,
	struct description_component *out, struct su_error *err)
{
	static const char *const names[] = { "id", "image", "uri", "digest", "size", "integrated",
		"slots", "requires_version", NULL };
	bool has_id = false;
	SU_TRY(json_read_only(object, names, err));
	SU_TRY(read_component_id(reader, object, "id", &out->id, &has_id, err));
	if (!has_id)
		return su_fail(err, SU_INVALID, "id", "is required, for example \"['app']\"");
	SU_TRY(read_required_version(object, out, err));
	const json_t *slots = json_object_get(object, "slots");
	if (slots != NULL)
		return read_slots(reader, slots, out, err);
	out->n_choices = 1;
	out->choices = su_arena_array(reader->arena, 1, sizeof(*out->choices));
	return read_choice(reader, object, &out->choices[0], err);
}

static enum su_status read_components(
	const struct reader *reader, const json_t *list, struct su_error *err)
{
	size_t n = json_array_size(list);
	if (n == 0 || n > DESCRIPTION_MAX_COMPONENTS)
		return su_fail(err, SU_INVALID, "components", "must be a list of 1 to %d objects",
			DESCRIPTION_MAX_COMPONENTS);
	struct description *out = reader->out;
	out->n_components = n;
	out->components = su_arena_array(reader->arena, n, sizeof(*out->components));
	for (size_t i = 0; i < n; i++)
		SU_TRY(within_item(
			read_component(reader, json_array_get(list, i), &out->components[i], err),
			"components", i, err));
	return SU_OK;
}

static enum su_status read_dependency(const struct reader *reader, const json_t *object,
	struct description_dependency *out, struct su_error *err)
{
	static const char *const names[] = { "manifest", "uri", "integrated", "prefix", NULL };
	const char *file = NULL;
	bool integrated = false;
	SU_TRY(json_read_only(object, names, err));
	SU_TRY(json_read_string(object, "manifest", &file, err));
	SU_TRY(keep_string(reader, object, "uri", &out->uri, err));
	SU_TRY(json_read_bool(object, "integrated", &integrated, err));
	SU_TRY(read_component_id(reader, object, "prefix", &out->prefix, &out->has_prefix, err));
	if (file == NULL)
		return su_fail(err, SU_INVALID, "manifest", "is required: the file of an envelope");
	if (out->uri == NULL && !integrated)
		return su_fail(err, SU_INVALID, "uri", "is required unless it is integrated");
	if (out->uri == NULL)
		out->uri = integrated_name(reader, file);
	struct su_span bytes;
	struct envelope envelope;
	struct envelope_options options = { .allow_untagged = true };
	SU_TRY(whole_file_read(
		reader->arena, resolve(reader, file), INTEGRATED_MAX_BYTES, &bytes, err));
	SU_TRY(within(envelope_decode(reader->arena, bytes, &options, &envelope, err), file, err));
	out->manifest_digest = envelope.manifest_digest;
	out->envelope_bytes = bytes.len;
	out->fetches_early = manifest_member(&envelope.manifest, MANIFEST_PAYLOAD_FETCH) != NULL;
	if (integrated)
		out->integrated = bytes;
	return SU_OK;
}

static enum su_status read_dependencies(
	const struct reader *reader, const json_t *list, struct su_error *err)
{
	size_t n = json_array_size(list);
	if ((list != NULL && !json_is_array(list)) || n > DESCRIPTION_MAX_COMPONENTS)
		return su_fail(err, SU_INVALID, "dependencies",
			"must be a list of up to %d objects", DESCRIPTION_MAX_COMPONENTS);
	reader->out->n_dependencies = n;
	reader->out->dependencies =
		su_arena_array(reader->arena, n + 1, sizeof(*reader->out->dependencies));
	for (size_t i = 0; i < n; i++)
		SU_TRY(within_item(read_dependency(reader, json_array_get(list, i),
					   &reader->out->dependencies[i], err),
			"dependencies", i, err));
	return SU_OK;
}

static enum su_status read_sever(const json_t *list, struct description *out, struct su_error *err)
{
	size_t i;
	json_t *name;
	if (list != NULL && !json_is_array(list))
		return su_fail(err, SU_INVALID, "sever", "must be a list");
	json_array_foreach((json_t *)list, i, name)
	{
		const char *text = json_is_string(name) ? json_string_value(name) : "";
		if (strcmp(text, "text") == 0)
			out->sever_text = true;
		else if (strcmp(text, "install") == 0)
			out->sever_install = true;
		else
			return su_fail(err, SU_INVALID, "sever", "can name text and install");
	}
	return SU_OK;
}

static enum su_status read_versions(
	const struct reader *reader, const json_t *object, struct su_error *err)
{
	const char *version = NULL, *digest = NULL;
	SU_TRY(json_read_string(object, "version", &version, err));
	if (version != NULL)
		SU_TRY(within(
			version_parse(version, &reader->out->set_version, err), "version", err));
	SU_TRY(json_read_string(object, "digest_algorithm", &digest, err));
	reader->out->digest_alg = DIGEST_SHA256;
	if (digest == NULL || strcmp(digest, "sha256") == 0)
		return SU_OK;
	if (strcmp(digest, "sha384") != 0 && strcmp(digest, "sha512") != 0)
		return su_fail(
			err, SU_INVALID, "digest_algorithm", "is none of sha256, sha384, sha512");
	reader->out->digest_alg = strcmp(digest, "sha384") == 0 ? DIGEST_SHA384 : DIGEST_SHA512;
	return SU_OK;
}

static enum su_status read_head(
	const struct reader *reader, const json_t *object, struct su_error *err)
{
	struct description *out = reader->out;
	bool has_sequence_number = false;
	SU_TRY(json_read_uint(
		object, "sequence_number", &out->sequence_number, &has_sequence_number, err));
	if (!has_sequence_number)
		return su_fail(err, SU_INVALID, "sequence_number", "is required");
	SU_TRY(read_versions(reader, object, err));
	SU_TRY(read_identity(object, out, err));
	SU_TRY(keep_string(reader, object, "reference_uri", &out->reference_uri, err));
	SU_TRY(read_component_id(reader, object, "manifest_component_id", &out->component_id,
		&out->has_component_id, err));
	SU_TRY(json_read_bool(object, "fetch_early", &out->fetch_early, err));
	return description_timing_read(reader->arena, object, &out->timing, err);
}

static enum su_status read_all(
	const struct reader *reader, const json_t *object, struct su_error *err)
{
	static const char *const names[] = { "sequence_number", "version", "vendor_id",
		"vendor_domain", "class_id", "class_name", "reference_uri", "manifest_component_id",
		"update_priority", "use_before", "minimum_battery_mwh", "wait_info", "components",
		"dependencies", "text", "sever", "fetch_early", "digest_algorithm", NULL };
	SU_TRY(json_read_only(object, names, err));
	SU_TRY(read_head(reader, object, err));
	SU_TRY(read_components(reader, json_object_get(object, "components"), err));
	SU_TRY(read_dependencies(reader, json_object_get(object, "dependencies"), err));
	SU_TRY(read_sever(json_object_get(object, "sever"), reader->out, err));
	json_t *text = json_object_get(object, "text");
	if (text == NULL)
		return SU_OK;
	enum su_status status =
		description_text_encode(reader->arena, text, &reader->out->text, err);
	if (status != SU_OK)
		su_error_within(err, "text");
	return status;
}

enum su_status description_read(struct su_arena *arena, struct su_span json, const char *folder,
	struct description *out, struct su_error *err)
{
	json_error_t where;
	json_t *object =
		json_loadb((const char *)json.data, json.len, JSON_REJECT_DUPLICATES, &where);
	if (object == NULL)
		return su_fail(err, SU_INVALID, "", "the description is not JSON: line %d: %s",
			where.line, where.text);
	*out = (struct description){ 0 };
	struct reader reader = { arena, folder, out };
	enum su_status status = read_all(&reader, object, err);
	json_decref(object);
	return status;
}
