/* SPDX-License-Identifier: Apache-2.0 */
/* A new release: its scope's sequence number, its images and its public paths, all or nothing. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/notify_send.h"
#include "store/release_store.h"
#include "store/txn_query.h"

static int64_t lock_scope(struct txn *txn, struct su_span scope)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_RELEASE_LOCK_SCOPE, sql_bytes(scope));
	if (!rows)
		return 0;
	struct sql_row row = sql_row_at(rows, 0, NULL, &txn->error);
	return sql_read_int(&row);
}

static void lock_arrivals(struct txn *txn)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query_all(txn, STATEMENT_RELEASE_LOCK_ARRIVALS);
}

static bool exists(struct txn *txn, const struct digest *digest)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_RELEASE_EXISTS, sql_digest(digest));
	if (!rows)
		return false;
	struct sql_row row = sql_row_at(rows, 0, NULL, &txn->error);
	return sql_read_bool(&row);
}

static int64_t insert_release(
	struct txn *txn, const struct release *r, const struct release_targets *targets)
{
	struct pg_result *rows su_auto(sql_rows_free) = txn_query(txn, STATEMENT_RELEASE_INSERT,
		sql_digest(&r->digest), sql_uint(r->sequence_number), sql_bytes(r->scope),
		sql_text(name_of(release_state_names, (int)r->state)), sql_bool(r->targeted),
		sql_uuids(targets->vendor_ids, targets->n_vendor_ids),
		sql_uuids(targets->class_ids, targets->n_class_ids), sql_text(r->version),
		sql_text(r->reference_uri), sql_int_if(r->has_update_priority, r->update_priority),
		sql_time(r->use_before_ms), sql_text(name_of(release_kind_names, (int)r->kind)),
		sql_text(r->labels_json), sql_digest(&r->envelope), sql_uint(r->envelope_bytes),
		sql_digest(&r->severed_envelope), sql_uint(r->severed_envelope_bytes),
		sql_uuids(targets->signers, targets->n_signers), sql_text(r->published_by),
		sql_int(r->published_at_ms), sql_uint(r->waits), sql_bool(targets->needs_class));
	if (!rows)
		return 0;
	struct sql_row row = sql_row_at(rows, 0, NULL, &txn->error);
	return sql_read_int(&row);
}

static void add_image(
	struct sql_table *table, int64_t id, size_t ordinal, const struct release_image *image)
{
	sql_array_add_int(sql_table_next(table), id);
	sql_array_add_int(sql_table_next(table), (int64_t)ordinal);
	sql_array_add_bytes(sql_table_next(table), image->component.encoded);
	sql_array_add_digest(sql_table_next(table), &image->digest);
	sql_array_add_uint_if(sql_table_next(table), image->has_size, image->size_bytes);
	sql_array_add_text(sql_table_next(table), image->uri);
	sql_array_add_bool(sql_table_next(table), image->integrated);
	sql_array_add_bool(sql_table_next(table), image->hosted);
	sql_array_add_bool(sql_table_next(table), image->present);
}

static void insert_images(struct txn *txn, int64_t id, const struct release *release)
{
	struct sql_table table su_auto(sql_table_free) = SQL_TABLE(SQL_INTS, SQL_INTS, SQL_BYTEAS,
		SQL_TEXTS, SQL_INTS, SQL_TEXTS, SQL_BOOLS, SQL_BOOLS, SQL_BOOLS);
	for (size_t i = 0; i < release->n_images; i++)
		add_image(&table, id, i, &release->images[i]);
	txn_change_table(txn, STATEMENT_RELEASE_IMAGE_INSERT, &table);
}

static int compare_paths(const void *a, const void *b)
{
	const struct release_path *left = a, *right = b;
	return strcmp(left->path, right->path);
}

static void check_paths(
	struct txn *txn, int64_t id, const struct sql_array *paths, const struct sql_array *images)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct pg_result *rows su_auto(sql_rows_free) = txn_query(txn,
		STATEMENT_RELEASE_PATH_CONFLICT, sql_int(id), sql_list(paths), sql_list(images));
	if (sql_rows_count(rows) == 0)
		return;
	struct sql_row row = sql_row_at(rows, 0, arena, &txn->error);
	txn_fail(txn, SU_CONFLICT, "uri", "the path %s already serves other content",
		sql_read_text(&row));
}

static void insert_paths(struct txn *txn, int64_t id, const struct release_targets *targets)
{
	struct sql_array paths su_auto(sql_array_free) = sql_array_of(SQL_TEXTS);
	struct sql_array images su_auto(sql_array_free) = sql_array_of(SQL_INTS);
	if (targets->n_paths == 0)
		return;
	/* In order, so that two intakes of the same paths wait for each other but never crosswise. */
	struct release_path *sorted su_auto(su_free_ptr) =
		su_new_array(targets->n_paths, sizeof(*sorted));
	memcpy(sorted, targets->paths, targets->n_paths * sizeof(*sorted));
	qsort(sorted, targets->n_paths, sizeof(*sorted), compare_paths);
	for (size_t i = 0; i < targets->n_paths; i++) {
		sql_array_add_text(&paths, sorted[i].path);
		sql_array_add_int(&images, (int64_t)sorted[i].image);
	}
	txn_execute(txn, STATEMENT_RELEASE_PATH_INSERT, sql_int(id), sql_list(&paths),
		sql_list(&images));
	check_paths(txn, id, &paths, &images);
	notify_send(txn, NOTIFY_PATH, "");
}

static bool check_sizes(struct txn *txn, const struct release *release)
{
	for (size_t i = 0; i < release->n_images; i++)
		if (release->images[i].has_size && release->images[i].size_bytes > INT64_MAX)
			txn_fail(txn, SU_INVALID, "image_size",
				"the size of image %zu is larger than 2^63 - 1", i);
	if (release->sequence_number > INT64_MAX)
		txn_fail(txn, SU_INVALID, "sequence_number",
			"the sequence number is larger than 2^63 - 1");
	return txn_ok(txn);
}

/* What was awaited may have come between the caller's look and our lock. */
static void complete_at_once(struct txn *txn, int64_t id, const struct release *release)
{
	struct sql_array ids su_auto(sql_array_free) = sql_array_of(SQL_INTS);
	sql_array_add_int(&ids, id);
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_RELEASE_COMPLETE, sql_list(&ids));
	enum release_state state = sql_rows_count(rows) > 0 ? RELEASE_VERIFIED : release->state;
	txn_count(txn, "releases.", name_of(release_state_names, (int)state), 1);
}

bool release_store_insert(
	struct txn *txn, const struct release *release, const struct release_targets *targets)
{
	if (!check_sizes(txn, release))
		return false;
	int64_t highest = lock_scope(txn, release->scope);
	if (exists(txn, &release->digest))
		return false;
	if (txn_ok(txn) && (int64_t)release->sequence_number <= highest)
		txn_fail(txn, SU_CONFLICT, "sequence_number",
			"the sequence number %llu is not greater than %lld, the highest of its "
			"scope",
			(unsigned long long)release->sequence_number, (long long)highest);
	lock_arrivals(txn);
	int64_t id = insert_release(txn, release, targets);
	insert_images(txn, id, release);
	insert_paths(txn, id, targets);
	txn_execute(txn, STATEMENT_RELEASE_RAISE_SCOPE, sql_bytes(release->scope),
		sql_uint(release->sequence_number));
	complete_at_once(txn, id, release);
	return txn_ok(txn);
}
