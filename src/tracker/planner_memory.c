/* SPDX-License-Identifier: Apache-2.0 */
/* Short lists, the last found first: a fleet asks for the same again and again. */
#include "tracker/planner_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/estimate_store.h"
#include "store/release_store.h"
#include "tracker/release_tree.h"

enum {
	MAX_REMEMBERED = 64, /* of each kind; more are read anew */
	/* Larger envelopes are decoded for each device again: they carry their images. */
	MAX_VIEW_BYTES = 256 << 10,
};

/* One thing that was read, by the bytes of what it was read for. */
struct entry {
	struct entry *next;
	struct su_span key;
	size_t n;
	void *value;
};

struct shelf {
	struct entry *first;
	size_t count;
};

struct planner_memory {
	struct txn *txn;
	struct blob_store *blobs;
	struct su_arena *arena;
	struct su_arena *passing; /* of the last view that is not kept */
	struct su_buf key;
	struct shelf candidates, installed, published, views, facts, estimates;
	bool is_shared; /* by several devices */
	bool has_past;
	size_t n_past;
	struct past_deployment *past; /* by device and release */
};

static const struct entry *find(struct shelf *shelf, struct su_span key)
{
	for (struct entry **link = &shelf->first; *link; link = &(*link)->next) {
		struct entry *entry = *link;
		if (!su_span_equal(entry->key, key))
			continue;
		*link = entry->next;
		entry->next = shelf->first;
		shelf->first = entry;
		return entry;
	}
	return NULL;
}

static void put(struct planner_memory *memory, struct shelf *shelf, struct su_span key,
	const struct entry *found)
{
	if (shelf->count >= MAX_REMEMBERED || !txn_ok(memory->txn))
		return;
	struct entry *entry = su_arena_new_of(memory->arena, struct entry);
	*entry = *found;
	entry->key = su_arena_copy(memory->arena, key);
	entry->next = shelf->first;
	shelf->first = entry;
	shelf->count++;
}

struct planner_memory *planner_memory_new(
	struct txn *txn, struct blob_store *blobs, struct su_arena *arena)
{
	struct planner_memory *memory = su_new(struct planner_memory);
	memory->txn = txn;
	memory->blobs = blobs;
	memory->arena = arena;
	return memory;
}

void planner_memory_free(struct planner_memory **memory)
{
	if (!*memory)
		return;
	for (const struct entry *entry = (*memory)->facts.first; entry; entry = entry->next) {
		struct release_facts *facts = entry->value;
		release_facts_unref(&facts);
	}
	su_arena_free(&(*memory)->passing);
	su_buf_free(&(*memory)->key);
	su_free_ptr(memory);
}

static struct su_span targets_key(struct planner_memory *memory, const struct characteristics *told)
{
	su_buf_clear(&memory->key);
	su_buf_append_byte(&memory->key, (uint8_t)told->n_vendor_ids);
	su_buf_append(
		&memory->key, told->vendor_ids, told->n_vendor_ids * sizeof(*told->vendor_ids));
	su_buf_append(&memory->key, told->class_ids, told->n_class_ids * sizeof(*told->class_ids));
	return su_buf_span(&memory->key);
}

size_t planner_memory_candidates(struct planner_memory *memory, const struct characteristics *told,
	const struct release **out)
{
	const struct su_span key = targets_key(memory, told);
	const struct entry *known = find(&memory->candidates, key);
	if (known) {
		*out = known->value;
		return known->n;
	}
	struct release *releases = NULL;
	const size_t n = release_store_candidates(memory->txn, memory->arena, told->vendor_ids,
		told->n_vendor_ids, told->class_ids, told->n_class_ids, &releases);
	put(memory, &memory->candidates, key, &(struct entry){ .n = n, .value = releases });
	*out = releases;
	return n;
}

static void add_component(struct su_buf *key, const struct installed_component *component)
{
	const size_t len = component->id.encoded.len;
	su_buf_append(key, &len, sizeof(len));
	su_buf_append_span(key, component->id.encoded);
	su_buf_append_byte(key, (uint8_t)component->digest.alg);
	su_buf_append(key, component->digest.bytes, sizeof(component->digest.bytes));
}

static struct su_span installed_key(
	struct planner_memory *memory, const struct characteristics *told)
{
	su_buf_clear(&memory->key);
	for (size_t i = 0; i < told->n_components; i++) {
		const struct installed_component *component = &told->components[i];
		add_component(&memory->key, component);
		su_buf_append_byte(&memory->key, component->has_sequence_number);
		su_buf_append(&memory->key, &component->sequence_number,
			sizeof(component->sequence_number));
	}
	return su_buf_span(&memory->key);
}

void planner_memory_installed(struct planner_memory *memory, struct characteristics *told)
{
	const struct su_span key = installed_key(memory, told);
	const struct entry *known = find(&memory->installed, key);
	const size_t bytes = told->n_components * sizeof(*told->components);
	if (known) {
		const struct installed_component *like = known->value;
		for (size_t i = 0; i < told->n_components; i++) {
			told->components[i].has_sequence_number = like[i].has_sequence_number;
			told->components[i].sequence_number = like[i].sequence_number;
		}
		return;
	}
	release_store_installed(memory->txn, told->components, told->n_components);
	void *copy = su_arena_alloc(memory->arena, bytes);
	memcpy(copy, told->components, bytes);
	put(memory, &memory->installed, key,
		&(struct entry){ .n = told->n_components, .value = copy });
}

static enum su_status load_view(const struct planner_memory *memory, struct su_arena *arena,
	const struct release *release, struct release_view *out, struct su_error *err)
{
	SU_TRY(release_view_load(memory->blobs, arena, &release->envelope, out, err));
	if (release_tree_extend(memory->txn, memory->blobs, arena, out, &out->proof, err) == SU_OK)
		return SU_OK;
	char text[sizeof(err->text)];
	snprintf(text, sizeof(text), "%s", err->text);
	return su_fail(err, SU_IO, "dependencies", "%s", text);
}

enum su_status planner_memory_view(struct planner_memory *memory, const struct release *release,
	const struct release_view **out, struct su_error *err)
{
	const struct su_span key =
		su_span_of(release->envelope.bytes, sizeof(release->envelope.bytes));
	const struct entry *known = find(&memory->views, key);
	if (known) {
		*out = known->value;
		return SU_OK;
	}
	const bool is_kept = memory->is_shared && release->envelope_bytes <= MAX_VIEW_BYTES &&
			     memory->views.count < MAX_REMEMBERED;
	if (!is_kept) {
		su_arena_free(&memory->passing);
		memory->passing = su_arena_new();
	}
	struct su_arena *arena = is_kept ? memory->arena : memory->passing;
	struct release_view *view = su_arena_new_of(arena, struct release_view);
	SU_TRY(load_view(memory, arena, release, view, err));
	if (is_kept)
		put(memory, &memory->views, key, &(struct entry){ .n = 1, .value = view });
	*out = view;
	return SU_OK;
}

enum su_status planner_memory_facts(struct planner_memory *memory, const struct digest *release,
	struct release_facts **out, struct su_error *err)
{
	const struct su_span key = su_span_of(release->bytes, sizeof(release->bytes));
	const struct entry *known = find(&memory->facts, key);
	if (!known) {
		SU_TRY(release_facts_load(memory->txn, memory->blobs, release, out, err));
		if (memory->facts.count < MAX_REMEMBERED && txn_ok(memory->txn))
			put(memory, &memory->facts, key,
				&(struct entry){ .n = 1, .value = release_facts_ref(*out) });
		return SU_OK;
	}
	*out = release_facts_ref(known->value);
	return SU_OK;
}

int64_t planner_memory_published(
	struct planner_memory *memory, const struct installed_component *const *running, size_t n)
{
	su_buf_clear(&memory->key);
	for (size_t i = 0; i < n; i++)
		add_component(&memory->key, running[i]);
	const struct su_span key = su_buf_span(&memory->key);
	const struct entry *known = find(&memory->published, key);
	if (known)
		return *(const int64_t *)known->value;
	int64_t *published_ms = su_arena_new_of(memory->arena, int64_t);
	*published_ms = release_store_published(memory->txn, running, n);
	put(memory, &memory->published, key, &(struct entry){ .n = 1, .value = published_ms });
	return *published_ms;
}

struct estimate planner_memory_estimate(struct planner_memory *memory, struct su_uuid class_id)
{
	const struct su_span key = su_span_of(class_id.bytes, sizeof(class_id.bytes));
	const struct entry *known = find(&memory->estimates, key);
	if (known)
		return *(const struct estimate *)known->value;
	struct estimate *estimate = su_arena_new_of(memory->arena, struct estimate);
	*estimate = estimate_store_get(memory->txn, class_id);
	put(memory, &memory->estimates, key, &(struct entry){ .n = 1, .value = estimate });
	return *estimate;
}

static int compare_past(const void *left, const void *right)
{
	const struct past_deployment *a = left, *b = right;
	if (a->device_id != b->device_id)
		return a->device_id < b->device_id ? -1 : 1;
	if (a->release.alg != b->release.alg)
		return a->release.alg < b->release.alg ? -1 : 1;
	return memcmp(a->release.bytes, b->release.bytes, sizeof(a->release.bytes));
}

void planner_memory_recall(
	struct planner_memory *memory, const struct device *const *devices, size_t n)
{
	struct su_arena *scratch su_auto(su_arena_free) = su_arena_new();
	memory->is_shared = true;
	int64_t *ids = su_arena_array(scratch, n, sizeof(*ids));
	for (size_t i = 0; i < n; i++) {
		const struct release *unused;
		ids[i] = devices[i]->id;
		(void)planner_memory_candidates(memory, &devices[i]->told, &unused);
	}
	size_t n_digests = 0;
	const struct digest **digests = su_arena_array(
		scratch, MAX_REMEMBERED * RELEASE_STORE_MAX_CANDIDATES, sizeof(*digests));
	for (const struct entry *entry = memory->candidates.first; entry; entry = entry->next)
		for (size_t i = 0; i < entry->n; i++)
			digests[n_digests++] = &((const struct release *)entry->value)[i].digest;
	const struct past_query query = { ids, n, digests, n_digests };
	memory->n_past = deployment_store_past(memory->txn, memory->arena, &query, &memory->past);
	if (memory->n_past > 0)
		qsort(memory->past, memory->n_past, sizeof(*memory->past), compare_past);
	/* Of a class that was not remembered, the candidates' past was not asked for. */
	memory->has_past = memory->candidates.count < MAX_REMEMBERED;
}

bool planner_memory_past(struct planner_memory *memory, int64_t device_id,
	const struct digest *release, struct past_deployment *out)
{
	const struct past_deployment wanted = { .device_id = device_id, .release = *release };
	if (memory->has_past) {
		const struct past_deployment *found = bsearch(
			&wanted, memory->past, memory->n_past, sizeof(*memory->past), compare_past);
		if (found)
			*out = *found;
		return found != NULL;
	}
	struct deployment latest;
	if (!deployment_store_latest(memory->txn, memory->arena, device_id, release, &latest))
		return false;
	*out = wanted;
	out->state = latest.state;
	out->reason = latest.reason;
	return true;
}
