/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of a release, counted by reference. */
#include "tracker/release_facts.h"

#include "base/memory.h"
#include "policy/release_labels.h"
#include "store/release_store.h"
#include "tracker/release_tree.h"

static void add_section(
	struct release_facts *facts, enum manifest_key key, bool present, size_t length_bytes)
{
	facts->sections[facts->n_sections++] = (struct release_section){
		.key = key,
		.present = present,
		.length_bytes = length_bytes,
	};
}

static void collect_sections(const struct manifest *manifest, struct release_facts *facts)
{
	facts->sections =
		su_arena_array(facts->arena, manifest->n_members + 1, sizeof(*facts->sections));
	if (manifest->has_shared)
		add_section(facts, MANIFEST_COMMON, false, 0);
	for (size_t i = 0; i < manifest->n_members; i++) {
		const struct manifest_member *member = &manifest->members[i];
		if (manifest_key_is_sequence(member->key))
			add_section(facts, member->key, member->present, member->content.len);
	}
}

static bool goes_all_or_nothing(struct su_arena *scratch, const struct release *release)
{
	struct field_value label = { .type = FIELD_BOOL };
	release_labels_read(release, "all_or_nothing", scratch, &label);
	return label.known && label.boolean;
}

struct source {
	struct txn *txn;
	struct blob_store *blobs;
	struct su_arena *scratch;
};

static enum su_status fill(const struct source *from, const struct release *release,
	struct release_facts *facts, struct su_error *err)
{
	struct release_view *view = su_arena_new_of(from->scratch, struct release_view);
	SU_TRY(release_view_load(from->blobs, from->scratch, &release->envelope, view, err));
	SU_TRY(proof_collect(facts->arena, &view->envelope, &view->survey, &facts->proof, err));
	SU_TRY(release_tree_extend(from->txn, from->blobs, facts->arena, view, &facts->proof, err));
	facts->all_or_nothing = goes_all_or_nothing(from->scratch, release);
	collect_sections(&view->envelope.manifest, facts);
	facts->release = release->digest;
	facts->sequence_number = release->sequence_number;
	facts->envelope = release->envelope;
	facts->envelope_bytes = release->envelope_bytes;
	facts->severed_envelope = release->severed_envelope;
	facts->severed_envelope_bytes = release->severed_envelope_bytes;
	facts->reference_uri =
		su_arena_strdup(facts->arena, release->reference_uri ? release->reference_uri : "");
	return SU_OK;
}

#define MAX_DEPENDENCY_DEPTH 4
#define MAX_PUSHED_IMAGES    256

/* One image may be for several components: then it is nobody's, and always needed. */
static bool has_image(struct release_facts *facts, const struct release_image *image)
{
	for (size_t i = 0; i < facts->n_images; i++) {
		struct command_image *known = &facts->images[i];
		if (!digest_equal(&known->digest, &image->digest))
			continue;
		if (!component_id_equal(known->component, image->component))
			known->component.encoded = SU_SPAN_EMPTY;
		return true;
	}
	return false;
}

static void add_image(struct release_facts *facts, const struct release_image *image,
	const struct digest *blob, uint64_t size_bytes)
{
	if (has_image(facts, image))
		return;
	facts->download_bytes += size_bytes;
	if (facts->n_images == MAX_PUSHED_IMAGES || !image->hosted) {
		facts->can_be_pushed = false;
		return;
	}
	facts->images[facts->n_images++] = (struct command_image){
		.component.encoded = su_arena_copy(facts->arena, image->component.encoded),
		.digest = image->digest,
		.blob = *blob,
		.size_bytes = size_bytes,
	};
}

/* The envelope of a dependency is an image too: its release says what it needs itself. */
static void collect_images(struct txn *txn, struct su_arena *scratch, const struct release *release,
	struct release_facts *facts, unsigned depth)
{
	for (size_t i = 0; i < release->n_images && txn_ok(txn); i++) {
		const struct release_image *image = &release->images[i];
		struct release below;
		if (image->integrated)
			continue;
		if (!digest_is_set(&image->digest)) {
			facts->can_be_pushed = false;
		} else if (depth < MAX_DEPENDENCY_DEPTH &&
			   release_store_get(txn, scratch, &image->digest, &below)) {
			collect_images(txn, scratch, &below, facts, depth + 1);
			add_image(facts, image, &below.envelope, below.envelope_bytes);
		} else {
			add_image(facts, image, &image->digest, image->size_bytes);
			/* Blobs are named by SHA-256. */
			facts->can_be_pushed &= image->digest.alg == DIGEST_SHA256;
		}
	}
}

/* There was room for as many as there may be; mostly there are few. */
static void keep_images(struct release_facts *facts)
{
	const struct su_span few = su_span_of(
		(const uint8_t *)facts->images, facts->n_images * sizeof(*facts->images));
	facts->images = (struct command_image *)(uintptr_t)su_arena_copy(facts->arena, few).data;
}

enum su_status release_facts_load(struct txn *txn, struct blob_store *blobs,
	const struct digest *release, struct release_facts **out, struct su_error *err)
{
	struct su_arena *scratch su_auto(su_arena_free) = su_arena_new();
	struct release stored;
	if (!release_store_get(txn, scratch, release, &stored)) {
		if (txn_ok(txn))
			return su_fail(err, SU_NOT_FOUND, "release", "is not known");
		if (err)
			*err = txn->error;
		return txn->error.status;
	}
	struct release_facts *facts = su_new(struct release_facts);
	facts->refs = 1;
	facts->arena = su_arena_new();
	facts->images = su_arena_array(scratch, MAX_PUSHED_IMAGES, sizeof(*facts->images));
	facts->can_be_pushed = true;
	collect_images(txn, scratch, &stored, facts, 0);
	keep_images(facts);
	const struct source from = { txn, blobs, scratch };
	enum su_status status = fill(&from, &stored, facts, err);
	if (status == SU_OK)
		*out = facts;
	else
		release_facts_unref(&facts);
	return status;
}

struct release_facts *release_facts_ref(struct release_facts *facts)
{
	if (facts)
		facts->refs++;
	return facts;
}

void release_facts_unref(struct release_facts **facts)
{
	if (!facts || !*facts)
		return;
	if (--(*facts)->refs == 0) {
		su_arena_free(&(*facts)->arena);
		su_free_ptr(facts);
	}
	*facts = NULL;
}

static enum su_status check_record(
	const struct release_facts *facts, const struct report_record *record, struct su_error *err)
{
	if (record->n_manifest_id > 0)
		return SU_OK; /* of a dependency */
	for (size_t i = 0; i < facts->n_sections; i++) {
		const struct release_section *section = &facts->sections[i];
		if ((int64_t)section->key != record->section)
			continue;
		if (section->present && record->offset >= section->length_bytes)
			return su_fail(err, SU_INVALID, "offset",
				"%llu lies behind the end of section %s",
				(unsigned long long)record->offset,
				manifest_key_name(record->section));
		return SU_OK;
	}
	const char *name = manifest_key_name(record->section);
	return su_fail(err, SU_INVALID, "section", "the manifest has no section %lld (%s)",
		(long long)record->section, name ? name : "unknown");
}

enum su_status release_facts_check_report(
	const struct release_facts *facts, const struct report *report, struct su_error *err)
{
	if (!su_span_equal_str(report->reference_uri, facts->reference_uri))
		return su_fail(err, SU_INVALID, "reference",
			"names another URI than the manifest's reference-uri");
	for (size_t i = 0; i < report->n_records; i++)
		SU_TRY(check_record(facts, &report->records[i], err));
	if (report->has_failed_record)
		SU_TRY(check_record(facts, &report->failed_record, err));
	return SU_OK;
}
