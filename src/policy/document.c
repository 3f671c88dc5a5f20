/* SPDX-License-Identifier: Apache-2.0 */
/* The policy document as a whole: levels, rules, capacity. */
#include "policy/document.h"

#include "base/memory.h"
#include "policy/document_rules.h"
#include "policy/level_json.h"

#define MAX_DOWNLOADS       1000000
#define MAX_CLASSES         1000
#define DEFAULT_DOWNLOADS   1000
#define UUID_TEXT_MAX_BYTES (SU_UUID_TEXT_SIZE - 1)

static const char default_text[] = {
#include "policy/default_policy.inc"
};

struct su_span policy_default_text(void)
{
	return su_span_of(default_text, sizeof(default_text));
}

static enum su_status read_levels(
	const struct member *document, struct policy *out, struct su_error *err)
{
	const char *names[URGENCY_COUNT + 1] = { NULL };
	const struct member levels = member_get(document, "levels");
	for (int i = 0; i < URGENCY_COUNT; i++)
		names[i] = name_of(urgency_names, i);
	SU_TRY(member_object(&levels, names, err));
	for (int i = 0; i < URGENCY_COUNT; i++) {
		const struct member level = member_get(&levels, names[i]);
		SU_TRY(level_json_read(&level, &out->levels[i], err));
	}
	return SU_OK;
}

static enum su_status read_class(
	const struct member *member, struct policy_class_bound *out, struct su_error *err)
{
	static const char *const names[] = { "class_id", "downloads", NULL };
	const struct member id = member_get(member, "class_id");
	const struct member downloads = member_get(member, "downloads");
	const char *text;
	SU_TRY(member_object(member, names, err));
	SU_TRY(member_text(&id, UUID_TEXT_MAX_BYTES, &text, err));
	if (su_uuid_parse(text, &out->class_id, NULL) != SU_OK)
		return member_fail(&id, err, "must be a UUID");
	return member_count(&downloads, 1, MAX_DOWNLOADS, &out->downloads, err);
}

static enum su_status read_classes(
	const struct member *member, struct policy_capacity *out, struct su_error *err)
{
	if (!member_is_given(member))
		return SU_OK;
	SU_TRY(member_list(member, MAX_CLASSES, &out->n_classes, err));
	struct policy_class_bound *classes =
		su_arena_array(member->arena, out->n_classes, sizeof(*classes));
	for (size_t i = 0; i < out->n_classes; i++) {
		const struct member item = member_at(member, i);
		SU_TRY(read_class(&item, &classes[i], err));
		for (size_t j = 0; j < i; j++)
			if (su_uuid_equal(classes[i].class_id, classes[j].class_id))
				return member_fail(&item, err, "this class has a bound already");
	}
	out->classes = classes;
	return SU_OK;
}

static enum su_status read_capacity(
	const struct member *document, struct policy_capacity *out, struct su_error *err)
{
	static const char *const names[] = { "downloads", "downloads_per_site", "classes", NULL };
	const struct member capacity = member_get(document, "capacity");
	const struct member downloads = member_get(&capacity, "downloads");
	const struct member per_site = member_get(&capacity, "downloads_per_site");
	const struct member classes = member_get(&capacity, "classes");
	out->downloads = DEFAULT_DOWNLOADS;
	if (!member_is_given(&capacity))
		return SU_OK;
	SU_TRY(member_object(&capacity, names, err));
	SU_TRY(member_count(&downloads, 1, MAX_DOWNLOADS, &out->downloads, err));
	if (member_is_given(&per_site))
		SU_TRY(member_count(&per_site, 0, MAX_DOWNLOADS, &out->downloads_per_site, err));
	return read_classes(&classes, out, err);
}

static enum su_status read_document(
	const struct member *document, struct policy *out, struct su_error *err)
{
	static const char *const names[] = { "levels", "default_urgency", "urgency", "modes",
		"approvals", "windows", "capacity", NULL };
	const struct member urgency = member_get(document, "default_urgency");
	int word = URGENCY_NORMAL;
	SU_TRY(member_object(document, names, err));
	SU_TRY(read_levels(document, out, err));
	if (member_is_given(&urgency))
		SU_TRY(member_name(&urgency, urgency_names, &word, err));
	out->default_urgency = (enum urgency)word;
	SU_TRY(document_rules_read(document, out, err));
	return read_capacity(document, &out->capacity, err);
}

static void free_json(json_t **json)
{
	json_decref(*json);
}

enum su_status policy_parse(
	struct su_arena *arena, struct su_span json, struct policy **out, struct su_error *err)
{
	json_error_t fault;
	if (json.len > POLICY_MAX_BYTES)
		return su_fail(err, SU_TOO_LARGE, "", "has %zu bytes, of which %zu are allowed",
			json.len, POLICY_MAX_BYTES);
	json_t *root su_auto(free_json) =
		json_loadb((const char *)json.data, json.len, JSON_REJECT_DUPLICATES, &fault);
	if (!root)
		return su_fail(err, SU_INVALID, "", "line %d, column %d: %s", fault.line,
			fault.column, fault.text);
	struct policy *policy = su_arena_new_of(arena, struct policy);
	const struct member document = { arena, root, "" };
	SU_TRY(read_document(&document, policy, err));
	char *text su_auto(su_free_ptr) = json_dumps(root, JSON_COMPACT);
	policy->text = su_arena_strdup(arena, text);
	*out = policy;
	return SU_OK;
}
