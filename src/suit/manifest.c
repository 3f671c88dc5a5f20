/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the manifest's map member by member, then checks what only the whole can tell: that nothing
 * is missing, that component indexes exist, and that no older draft's numbering is used.
 */
#include "suit/manifest.h"

#include <inttypes.h>

#include "suit/hash.h"
#include "suit/manifest_text.h"
#include "suit/old_draft.h"
#include "suit/parameter.h"
#include "suit/value_cbor.h"

#define THE_MANIFEST_VERSION 1
#define MAX_KEYS             32

enum common_key { COMMON_DEPENDENCIES = 1, COMMON_COMPONENTS = 2, COMMON_SHARED = 4 };
enum dependency_key { DEPENDENCY_PREFIX = 1 };

struct decoder {
	struct su_arena *arena;
	struct manifest *out;
};

static int64_t read_key(struct cbor *cursor, struct su_span *last)
{
	size_t start = cursor->pos;
	int64_t key = cbor_int(cursor);
	cbor_key_order(cursor, su_span_of(cursor->input.data + start, cursor->pos - start), last);
	return key;
}

static enum su_status refuse_old_keys(struct su_span content, struct su_error *err)
{
	struct cbor cursor = cbor_open(content, false);
	for (size_t n = cbor_map(&cursor); n > 0 && cbor_ok(&cursor); n--) {
		int64_t key = cbor_int(&cursor);
		const char *name = manifest_key_old_name(key);
		if (name)
			return su_fail(err, SU_UNSUPPORTED, "",
				OLD_DRAFT_TEXT "manifest key %" PRId64 " for %s", key, name);
		(void)cbor_item(&cursor);
	}
	return SU_OK; /* whatever else is wrong is found when it is decoded */
}

static void read_dependency(
	struct cbor *cursor, struct manifest_dependency *out, struct su_span *last)
{
	size_t start = cursor->pos;
	out->index = cbor_uint(cursor);
	cbor_key_order(cursor, su_span_of(cursor->input.data + start, cursor->pos - start), last);
	struct su_span last_key = SU_SPAN_EMPTY;
	for (size_t n = cbor_map(cursor); n > 0 && cbor_ok(cursor); n--) {
		int64_t key = read_key(cursor, &last_key);
		if (cbor_ok(cursor) && key != DEPENDENCY_PREFIX)
			cbor_fail(
				cursor, SU_INVALID, "unknown key %" PRId64 " of a dependency", key);
		out->prefix = value_cbor_read_component(cursor);
		out->has_prefix = true;
	}
}

static void read_dependencies(struct decoder *decoder, struct cbor *cursor)
{
	struct manifest *out = decoder->out;
	size_t n = cbor_map(cursor);
	if (cbor_ok(cursor) && (n == 0 || n > MANIFEST_MAX_DEPENDENCIES))
		cbor_fail(cursor, SU_INVALID, "there are 1 to %d dependencies, not %zu",
			MANIFEST_MAX_DEPENDENCIES, n);
	if (!cbor_ok(cursor))
		return;
	struct su_span last = SU_SPAN_EMPTY;
	out->dependencies = su_arena_array(decoder->arena, n, sizeof(*out->dependencies));
	for (size_t i = 0; i < n && cbor_ok(cursor); i++)
		read_dependency(cursor, &out->dependencies[i], &last);
	out->n_dependencies = n;
}

static bool component_is_listed(const struct manifest *manifest, struct component_id id)
{
	for (size_t i = 0; i < manifest->n_components; i++)
		if (component_id_equal(manifest->components[i], id))
			return true;
	return false;
}

static void read_components(struct decoder *decoder, struct cbor *cursor)
{
	struct manifest *out = decoder->out;
	size_t n = cbor_array(cursor);
	if (cbor_ok(cursor) && (n == 0 || n > MANIFEST_MAX_COMPONENTS))
		cbor_fail(cursor, SU_INVALID, "there are 1 to %d components, not %zu",
			MANIFEST_MAX_COMPONENTS, n);
	if (!cbor_ok(cursor))
		return;
	out->components = su_arena_array(decoder->arena, n, sizeof(*out->components));
	for (size_t i = 0; i < n && cbor_ok(cursor); i++) {
		struct component_id id = value_cbor_read_component(cursor);
		if (cbor_ok(cursor) && component_is_listed(out, id))
			cbor_fail(cursor, SU_INVALID, "component %zu is listed twice", i);
		out->components[out->n_components++] = id;
	}
}

static void read_shared(struct decoder *decoder, struct cbor *cursor)
{
	struct su_error err;
	struct su_span encoded = cbor_bstr(cursor);
	if (!cbor_ok(cursor))
		return;
	decoder->out->has_shared = true;
	if (sequence_decode(decoder->arena, encoded, true, &decoder->out->shared, &err) != SU_OK)
		cbor_fail(cursor, err.status, "shared-sequence: %s", err.text);
}

static void read_common(struct decoder *decoder, struct cbor *outer)
{
	struct cbor cursor = cbor_open(cbor_bstr(outer), true);
	struct su_span last = SU_SPAN_EMPTY;
	if (!cbor_ok(outer))
		return;
	for (size_t n = cbor_map(&cursor); n > 0 && cbor_ok(&cursor); n--) {
		int64_t key = read_key(&cursor, &last);
		if (key == COMMON_DEPENDENCIES)
			read_dependencies(decoder, &cursor);
		else if (key == COMMON_COMPONENTS)
			read_components(decoder, &cursor);
		else if (key == COMMON_SHARED)
			read_shared(decoder, &cursor);
		else
			cbor_fail(&cursor, SU_INVALID, "unknown key %" PRId64, key);
	}
	if (cbor_ok(&cursor) && decoder->out->n_components + decoder->out->n_dependencies == 0)
		cbor_fail(&cursor, SU_INVALID, "there is neither a component nor a dependency");
	value_cbor_adopt(outer, &cursor, "common");
}

static bool index_is_known(const struct manifest *manifest, uint64_t index)
{
	return index < manifest->n_components || manifest_dependency(manifest, index);
}

struct index_check {
	const struct manifest *manifest;
	bool found;
	uint64_t unknown;
	size_t offset;
};

static void check_source(void *ctx, const struct parameters *parameters)
{
	struct index_check *check = ctx;
	if (!parameters_have(parameters, PARAM_SOURCE_COMPONENT) ||
		index_is_known(check->manifest, parameters->source_component))
		return;
	check->found = true;
	check->unknown = parameters->source_component;
}

static bool check_indexes(void *ctx, const struct command *command)
{
	struct index_check *check = ctx;
	struct command_indexes indexes;
	check->offset = command->offset;
	command_read_indexes(command, &indexes);
	/* "All" of none would make conditions pass that were never looked at. */
	check->found = indexes.all && check->manifest->n_components == 0;
	for (size_t i = 0; i < indexes.n && !check->found; i++)
		if (!index_is_known(check->manifest, indexes.at[i])) {
			check->found = true;
			check->unknown = indexes.at[i];
		}
	command_visit_parameters(command, check_source, check);
	return !check->found;
}

/*
 * suit-manifest section 8.4.6: with more than one thing to act upon, a sequence begins by saying on
 * which. override-multiple selects one, too.
 */
static bool begins_with_index(const struct sequence *sequence)
{
	int64_t code = sequence->commands[0].code;
	return code == CMD_SET_COMPONENT_INDEX || code == CMD_OVERRIDE_MULTIPLE;
}

static enum su_status check_sequence(const struct manifest *manifest,
	const struct sequence *sequence, const char *name, struct su_error *err)
{
	struct index_check check = { .manifest = manifest };
	bool has_many = manifest->n_components > 1 || manifest->n_dependencies > 0;
	if (has_many && !begins_with_index(sequence))
		return su_fail(err, SU_INVALID, name,
			"it does not begin with set-component-index, although there is more "
			"than one component");
	if (!sequence_walk(sequence, check_indexes, &check))
		return su_fail(err, SU_INVALID, name,
			"the command at offset %zu names component %" PRIu64
			", which does not exist",
			check.offset, check.unknown);
	return SU_OK;
}

static bool is_not_fetch(void *ctx, const struct command *command)
{
	(void)ctx;
	return command->code != CMD_FETCH;
}

/* Key 9 was install: a manifest that downloads while it starts a component means that. */
static enum su_status refuse_old_install(const struct manifest_member *member, struct su_error *err)
{
	if (member->key != MANIFEST_INVOKE || sequence_walk(&member->sequence, is_not_fetch, NULL))
		return SU_OK;
	return su_fail(err, SU_UNSUPPORTED, "invoke",
		OLD_DRAFT_TEXT "a fetch under manifest key 9, which was install");
}

static enum su_status check_coswid(struct su_span content, struct su_error *err)
{
	struct cbor cursor = cbor_open(content, false);
	(void)cbor_item(&cursor);
	return cbor_done(&cursor, err);
}

static enum su_status check_text(struct su_span content, struct su_error *err)
{
	if (content.len > MANIFEST_MAX_TEXT_BYTES)
		return su_fail(err, SU_TOO_LARGE, "", "%zu bytes of text are more than %d",
			content.len, MANIFEST_MAX_TEXT_BYTES);
	return manifest_text_read(content, NULL, NULL, err);
}

static enum su_status decode_member(
	struct su_arena *arena, struct manifest_member *member, struct su_error *err)
{
	enum su_status status;
	if (member->key == MANIFEST_TEXT)
		status = check_text(member->content, err);
	else if (member->key == MANIFEST_COSWID)
		status = check_coswid(member->content, err);
	else
		status = sequence_decode(arena, member->content, false, &member->sequence, err);
	if (status != SU_OK)
		su_error_within(err, manifest_key_name(member->key));
	return status;
}

static void read_member(struct decoder *decoder, int64_t key, struct cbor *cursor)
{
	struct manifest_member *member = &decoder->out->members[decoder->out->n_members++];
	struct su_error err;
	member->key = (enum manifest_key)key;
	if (cbor_peek(cursor) == CBOR_ARRAY && manifest_key_is_severable(key)) {
		member->severed = true;
		value_cbor_read_digest(cursor, &member->digest);
		return;
	}
	member->content = cbor_bstr(cursor);
	if (!cbor_ok(cursor))
		return;
	member->present = member->matches = true;
	if (decode_member(decoder->arena, member, &err) != SU_OK)
		cbor_fail(cursor, err.status, "%s", err.text);
}

static void read_manifest_version(struct cbor *cursor)
{
	uint64_t version = cbor_uint(cursor);
	if (cbor_ok(cursor) && version == 0)
		cbor_fail(cursor, SU_INVALID, "version 0 is never valid");
	else if (cbor_ok(cursor) && version != THE_MANIFEST_VERSION)
		cbor_fail(cursor, SU_UNSUPPORTED, "version %" PRIu64 " is not %d", version,
			THE_MANIFEST_VERSION);
}

static void read_set_version(struct cbor *outer, struct version *out)
{
	struct cbor cursor = cbor_open(cbor_bstr(outer), true);
	if (!cbor_ok(outer))
		return;
	value_cbor_read_version(&cursor, out);
	value_cbor_adopt(outer, &cursor, "set-version");
}

static void read_value(struct decoder *decoder, int64_t key, struct cbor *cursor)
{
	struct manifest *out = decoder->out;
	if (!manifest_key_name(key))
		cbor_fail(cursor, SU_INVALID, "unknown manifest key %" PRId64, key);
	else if (manifest_key_is_member(key))
		read_member(decoder, key, cursor);
	else if (key == MANIFEST_VERSION)
		read_manifest_version(cursor);
	else if (key == MANIFEST_SEQUENCE_NUMBER)
		out->sequence_number = cbor_uint(cursor);
	else if (key == MANIFEST_COMMON)
		read_common(decoder, cursor);
	else if (key == MANIFEST_REFERENCE_URI)
		out->reference_uri = value_cbor_read_uri(cursor);
	else if (key == MANIFEST_COMPONENT_ID)
		out->component_id = value_cbor_read_component(cursor);
	else
		read_set_version(cursor, &out->set_version);
	out->has_component_id |= key == MANIFEST_COMPONENT_ID;
}

/* Reads the map; a fault's field is the name of the member in which it was found. */
static enum su_status read_map(
	struct decoder *decoder, struct cbor *cursor, uint64_t *seen_out, struct su_error *err)
{
	struct su_span last = SU_SPAN_EMPTY;
	size_t n = cbor_map(cursor);
	if (cbor_ok(cursor) && n > MAX_KEYS)
		cbor_fail(cursor, SU_INVALID, "a manifest has no %zu members", n);
	if (cbor_ok(cursor))
		decoder->out->members =
			su_arena_array(decoder->arena, n, sizeof(*decoder->out->members));
	for (; n > 0 && cbor_ok(cursor); n--) {
		int64_t key = read_key(cursor, &last);
		if (cbor_ok(cursor))
			read_value(decoder, key, cursor);
		if (cbor_ok(cursor))
			*seen_out |= (uint64_t)1 << key;
		else if (manifest_key_name(key))
			return su_fail(err, cursor->error.status, manifest_key_name(key), "%s",
				cursor->error.text);
	}
	return cbor_done(cursor, err);
}

static enum su_status check_required(uint64_t seen, struct su_error *err)
{
	static const enum manifest_key required[] = { MANIFEST_VERSION, MANIFEST_SEQUENCE_NUMBER,
		MANIFEST_COMMON };
	for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++)
		if (!(seen >> required[i] & 1)) {
			const char *name = manifest_key_name(required[i]);
			return su_fail(err, SU_INVALID, name, "the manifest has no %s", name);
		}
	return SU_OK;
}

static enum su_status check_sequences(const struct manifest *manifest, struct su_error *err)
{
	if (manifest->has_shared)
		SU_TRY(check_sequence(manifest, &manifest->shared, "shared-sequence", err));
	for (size_t i = 0; i < manifest->n_members; i++) {
		const struct manifest_member *member = &manifest->members[i];
		if (!member->matches || !manifest_key_is_sequence(member->key))
			continue;
		SU_TRY(refuse_old_install(member, err));
		SU_TRY(check_sequence(
			manifest, &member->sequence, manifest_key_name(member->key), err));
	}
	return SU_OK;
}

static enum su_status check_member_digest(struct manifest_member *member, struct su_error *err)
{
	const char *name = manifest_key_name(member->key);
	struct digest actual;
	enum su_status status =
		hash_compute_bstr(member->digest.alg, member->content, &actual, err);
	if (status != SU_OK) {
		su_error_within(err, name);
		return status;
	}
	member->matches = digest_equal(&actual, &member->digest);
	if (!member->matches)
		return su_fail(err, SU_UNAUTHENTIC, name,
			"the %s in the envelope does not have the digest in the manifest", name);
	return SU_OK;
}

enum su_status manifest_decode(
	struct su_arena *arena, struct su_span content, struct manifest *out, struct su_error *err)
{
	struct decoder decoder = { arena, out };
	struct cbor cursor = cbor_open(content, true);
	uint64_t seen = 0;
	*out = (struct manifest){ 0 };
	SU_TRY(refuse_old_keys(content, err));
	SU_TRY(read_map(&decoder, &cursor, &seen, err));
	SU_TRY(check_required(seen, err));
	return check_sequences(out, err);
}

enum su_status manifest_attach(struct su_arena *arena, struct manifest *manifest,
	enum manifest_key key, struct su_span content, struct su_error *err)
{
	struct manifest_member *member = (struct manifest_member *)manifest_member(manifest, key);
	const char *name = manifest_key_name(key);
	if (!member || !member->severed)
		return su_fail(err, SU_INVALID, name ? name : "",
			"the envelope holds a member that the manifest does not sever");
	member->present = true;
	member->content = content;
	SU_TRY(check_member_digest(member, err));
	SU_TRY(decode_member(arena, member, err));
	return manifest_key_is_sequence(key)
		       ? check_sequence(manifest, &member->sequence, name, err)
		       : SU_OK;
}

const struct manifest_member *manifest_member(
	const struct manifest *manifest, enum manifest_key key)
{
	for (size_t i = 0; i < manifest->n_members; i++)
		if (manifest->members[i].key == key)
			return &manifest->members[i];
	return NULL;
}

const struct manifest_dependency *manifest_dependency(
	const struct manifest *manifest, uint64_t component_index)
{
	for (size_t i = 0; i < manifest->n_dependencies; i++)
		if (manifest->dependencies[i].index == component_index)
			return &manifest->dependencies[i];
	return NULL;
}

struct component_id manifest_component(const struct manifest *manifest, uint64_t component_index)
{
	if (component_index < manifest->n_components)
		return manifest->components[component_index];
	return (struct component_id){ SU_SPAN_EMPTY };
}

bool manifest_walk(const struct manifest *manifest, sequence_visit visit, void *ctx)
{
	if (!sequence_walk(&manifest->shared, visit, ctx))
		return false;
	for (size_t i = 0; i < manifest->n_members; i++)
		if (!sequence_walk(&manifest->members[i].sequence, visit, ctx))
			return false;
	return true;
}
