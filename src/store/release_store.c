/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of release and release_image: reading, approval, and images that complete a release. */
#include "store/release_store.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "model/release_change.h"
#include "store/notify_send.h"
#include "store/txn_query.h"

/* Later than any time that is stored: the first page begins before it. */
#define END_OF_TIME_MS INT64_C(253402300799000)

static struct release read_release(struct sql_row row, int64_t *id_out)
{
	struct release r = { 0 };
	*id_out = sql_read_int(&row);
	r.digest = sql_read_digest(&row);
	r.sequence_number = sql_read_uint(&row);
	r.scope = sql_read_bytes(&row);
	r.state = (enum release_state)sql_read_name(&row, release_state_names, "a release state");
	r.targeted = sql_read_bool(&row);
	r.version = sql_read_text(&row);
	r.reference_uri = sql_read_text(&row);
	r.has_update_priority = !sql_read_is_null(&row);
	r.update_priority = sql_read_int(&row);
	r.use_before_ms = sql_read_int(&row);
	r.waits = (unsigned)sql_read_int(&row);
	r.kind = (enum release_kind)sql_read_name(&row, release_kind_names, "a release kind");
	r.labels_json = sql_read_text(&row);
	r.envelope = sql_read_digest(&row);
	r.envelope_bytes = sql_read_uint(&row);
	r.severed_envelope = sql_read_digest(&row);
	r.severed_envelope_bytes = sql_read_uint(&row);
	r.published_by = sql_read_text(&row);
	r.approved_by = sql_read_text(&row);
	r.published_at_ms = sql_read_int(&row);
	r.approved_at_ms = sql_read_int(&row);
	r.withdrawn_at_ms = sql_read_int(&row);
	r.row_version = sql_read_int(&row);
	return r;
}

static struct release_image read_image(struct sql_row *row)
{
	struct release_image image = { 0 };
	image.component.encoded = sql_read_bytes(row);
	image.digest = sql_read_digest(row);
	image.has_size = sql_read_uint_if(row, &image.size_bytes);
	image.uri = sql_read_text(row);
	image.integrated = sql_read_bool(row);
	image.hosted = sql_read_bool(row);
	image.present = sql_read_bool(row);
	image.has_found = sql_read_uint_if(row, &image.found_bytes);
	return image;
}

static void assign_image(struct sql_row row, struct release *releases, const int64_t *ids, size_t n)
{
	int64_t release_id = sql_read_int(&row);
	for (size_t i = 0; i < n; i++)
		if (ids[i] == release_id)
			releases[i].images[releases[i].n_images++] = read_image(&row);
}

/* All images of all releases in one query. */
static void load_images(struct txn *txn, struct su_arena *arena, struct release *releases,
	const int64_t *ids, size_t n)
{
	struct sql_array list su_auto(sql_array_free) = sql_array_of(SQL_INTS);
	for (size_t i = 0; i < n; i++)
		sql_array_add_int(&list, ids[i]);
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_RELEASE_IMAGES, sql_list(&list));
	size_t n_rows = sql_rows_count(rows);
	for (size_t i = 0; i < n_rows; i++) {
		struct sql_row row = sql_row_at(rows, i, arena, &txn->error);
		int64_t release_id = sql_read_int(&row);
		for (size_t k = 0; k < n; k++)
			releases[k].n_images += ids[k] == release_id;
	}
	for (size_t k = 0; k < n; k++) {
		releases[k].images =
			su_arena_array(arena, releases[k].n_images, sizeof(struct release_image));
		releases[k].n_images = 0;
	}
	for (size_t i = 0; i < n_rows; i++)
		assign_image(sql_row_at(rows, i, arena, &txn->error), releases, ids, n);
}

/* ids_out may be NULL. */
static size_t read_releases(struct txn *txn, struct su_arena *arena, const struct pg_result *rows,
	struct release **out, int64_t **ids_out)
{
	size_t n = sql_rows_count(rows);
	int64_t *ids = su_arena_array(arena, n, sizeof(*ids));
	*out = su_arena_array(arena, n, sizeof(**out));
	for (size_t i = 0; i < n; i++)
		(*out)[i] = read_release(sql_row_at(rows, i, arena, &txn->error), &ids[i]);
	if (n > 0)
		load_images(txn, arena, *out, ids, n);
	if (ids_out)
		*ids_out = ids;
	return txn_ok(txn) ? n : 0;
}

bool release_store_get(
	struct txn *txn, struct su_arena *arena, const struct digest *digest, struct release *out)
{
	struct release *releases;
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_RELEASE_GET, sql_digest(digest));
	if (read_releases(txn, arena, rows, &releases, NULL) == 0)
		return false;
	*out = releases[0];
	return true;
}

/* A cursor is "<published_at_ms>-<id>" of the last row before the page. */
static bool parse_cursor(const char *cursor, int64_t *time_ms_out, int64_t *id_out)
{
	long long time_ms, id;
	int end = -1;
	*time_ms_out = END_OF_TIME_MS;
	*id_out = INT64_MAX;
	if (!cursor || !*cursor)
		return true;
	if (sscanf(cursor, "%18lld-%18lld%n", &time_ms, &id, &end) != 2 || cursor[end] ||
		time_ms < 0 || time_ms > END_OF_TIME_MS)
		return false;
	*time_ms_out = time_ms;
	*id_out = id;
	return true;
}

size_t release_store_list(struct txn *txn, struct su_arena *arena, const char *cursor, size_t limit,
	struct release **out, const char **next_out)
{
	int64_t before_ms, before_id, *ids;
	*next_out = NULL;
	if (!parse_cursor(cursor, &before_ms, &before_id))
		txn_fail(txn, SU_INVALID, "cursor", "not a cursor of this list");
	struct pg_result *rows su_auto(sql_rows_free) = txn_query(txn, STATEMENT_RELEASE_LIST,
		sql_int(before_ms), sql_int(before_id), sql_uint(limit + 1));
	size_t n = read_releases(txn, arena, rows, out, &ids);
	if (n > limit) {
		n = limit;
		if (n > 0)
			*next_out = su_arena_printf(arena, "%lld-%lld",
				(long long)(*out)[n - 1].published_at_ms, (long long)ids[n - 1]);
	}
	return n;
}

size_t release_store_candidates(struct txn *txn, struct su_arena *arena,
	const struct su_uuid *vendor_ids, size_t n_vendor_ids, const struct su_uuid *class_ids,
	size_t n_class_ids, struct release **out)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_RELEASE_CANDIDATES, sql_uuids(vendor_ids, n_vendor_ids),
			sql_uuids(class_ids, n_class_ids), sql_uint(RELEASE_STORE_MAX_CANDIDATES));
	return read_releases(txn, arena, rows, out, NULL);
}

void release_store_installed(struct txn *txn, struct installed_component *components, size_t n)
{
	struct sql_array ids su_auto(sql_array_free) = sql_array_of(SQL_BYTEAS);
	struct sql_array digests su_auto(sql_array_free) = sql_array_of(SQL_TEXTS);
	for (size_t i = 0; i < n; i++) {
		sql_array_add_bytes(&ids, components[i].id.encoded);
		sql_array_add_digest(&digests, &components[i].digest);
	}
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_RELEASE_INSTALLED, sql_list(&ids), sql_list(&digests));
	for (size_t i = 0; i < sql_rows_count(rows); i++) {
		struct sql_row row = sql_row_at(rows, i, NULL, &txn->error);
		size_t at = (size_t)sql_read_uint(&row);
		uint64_t sequence_number = sql_read_uint(&row);
		if (at >= n || (components[at].has_sequence_number &&
				       components[at].sequence_number >= sequence_number))
			continue;
		components[at].has_sequence_number = true;
		components[at].sequence_number = sequence_number;
	}
}

int64_t release_store_published(
	struct txn *txn, const struct installed_component *const *components, size_t n)
{
	struct sql_array ids su_auto(sql_array_free) = sql_array_of(SQL_BYTEAS);
	struct sql_array digests su_auto(sql_array_free) = sql_array_of(SQL_TEXTS);
	for (size_t i = 0; i < n; i++) {
		sql_array_add_bytes(&ids, components[i]->id.encoded);
		sql_array_add_digest(&digests, &components[i]->digest);
	}
	if (n == 0)
		return 0;
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_RELEASE_PUBLISHED, sql_list(&ids), sql_list(&digests));
	if (sql_rows_count(rows) == 0)
		return 0;
	struct sql_row row = sql_row_at(rows, 0, NULL, &txn->error);
	return sql_read_int(&row);
}

/* Only what is or was approved, and is for whoever matches, has devices that may choose otherwise now. */
static struct release_change read_change(
	struct sql_row row, const struct release *before, bool counts)
{
	struct release_change change = { .release = before->digest };
	change.row_version = sql_read_int(&row);
	const bool is_targeted = sql_read_bool(&row);
	change.vendor_ids = sql_read_uuids(&row, &change.n_vendor_ids);
	change.class_ids = sql_read_uuids(&row, &change.n_class_ids);
	change.needs_class = sql_read_bool(&row);
	change.audience = counts && is_targeted ? CONCERNS_SOME : CONCERNS_NOBODY;
	return change;
}

static void tell_change(struct txn *txn, const struct release_change *change)
{
	struct su_buf text su_auto(su_buf_free) = { 0 };
	release_change_format(change, &text);
	notify_send(txn, NOTIFY_RELEASE, su_buf_str(&text));
	store_conn_note_news(txn->conn, su_buf_str(&text));
}

void release_store_set_state(struct txn *txn, const struct release *release,
	enum release_state state, const char *actor, int64_t now_ms)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	const char *name = name_of(release_state_names, (int)state);
	const bool counts = state == RELEASE_APPROVED || release->state == RELEASE_APPROVED;
	struct pg_result *rows su_auto(sql_rows_free) = txn_query(txn, STATEMENT_RELEASE_SET_STATE,
		sql_digest(&release->digest), sql_int(release->row_version), sql_text(name),
		sql_text(actor), sql_int(now_ms));
	if (sql_rows_count(rows) == 0) {
		txn_fail(txn, SU_STALE, "", "the release has been changed by somebody else");
		return;
	}
	const struct release_change change =
		read_change(sql_row_at(rows, 0, arena, &txn->error), release, counts);
	tell_change(txn, &change);
	txn_count(txn, "releases.", name_of(release_state_names, (int)release->state), -1);
	txn_count(txn, "releases.", name, 1);
}

/* What arrives brings more: the envelope of a dependency that it completed. */
struct arrival {
	struct arrival *next;
	struct release_arrival what;
};

/* Marks it present wherever it is awaited; the releases that awaited it. */
static void mark_present(
	struct txn *txn, const struct release_arrival *arrival, struct sql_array *ids)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_RELEASE_IMAGE_ARRIVED, sql_digest(&arrival->digest),
			sql_digest(&arrival->blob), sql_uint(arrival->size_bytes));
	size_t n = sql_rows_count(rows);
	for (size_t i = 0; i < n; i++) {
		struct sql_row row = sql_row_at(rows, i, NULL, &txn->error);
		sql_array_add_int(ids, sql_read_int(&row));
	}
	if (n > 0 && txn_execute(txn, STATEMENT_RELEASE_PATH_ARRIVED, sql_digest(&arrival->digest),
			     sql_digest(&arrival->blob)))
		notify_send(txn, NOTIFY_PATH, "");
}

/* Moves those that became complete, and hangs them at the end of the arrivals. */
static size_t complete_releases(
	struct txn *txn, struct su_arena *arena, const struct sql_array *ids, struct arrival **last)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_RELEASE_COMPLETE, sql_list(ids));
	size_t n = sql_rows_count(rows);
	for (size_t i = 0; i < n; i++) {
		struct sql_row row = sql_row_at(rows, i, arena, &txn->error);
		struct arrival *arrival = su_arena_new_of(arena, struct arrival);
		arrival->what.digest = sql_read_digest(&row);
		arrival->what.blob = sql_read_digest(&row);
		arrival->what.size_bytes = sql_read_uint(&row);
		*last = (*last)->next = arrival;
	}
	txn_count(txn, "releases.", name_of(release_state_names, RELEASE_INCOMPLETE), -(int64_t)n);
	txn_count(txn, "releases.", name_of(release_state_names, RELEASE_VERIFIED), (int64_t)n);
	return n;
}

static void lock_arrivals(struct txn *txn)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query_all(txn, STATEMENT_RELEASE_LOCK_ARRIVALS);
}

size_t release_store_image_arrived(struct txn *txn, struct su_arena *arena,
	const struct release_arrival *arrival, struct digest **completed_out)
{
	struct arrival first = { .what = *arrival };
	struct arrival *last = &first;
	size_t n_completed = 0;
	*completed_out = NULL;
	lock_arrivals(txn);
	for (struct arrival *at = &first; at && txn_ok(txn); at = at->next) {
		struct sql_array ids su_auto(sql_array_free) = sql_array_of(SQL_INTS);
		mark_present(txn, &at->what, &ids);
		n_completed += complete_releases(txn, arena, &ids, &last);
	}
	if (!txn_ok(txn))
		return 0;
	*completed_out = su_arena_array(arena, n_completed, sizeof(**completed_out));
	size_t i = 0;
	for (struct arrival *at = first.next; at; at = at->next)
		(*completed_out)[i++] = at->what.digest;
	return n_completed;
}

bool release_store_path(
	struct txn *txn, struct su_arena *arena, const char *path, struct digest *blob_out)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_RELEASE_PATH, sql_text(path));
	if (sql_rows_count(rows) == 0)
		return false;
	struct sql_row row = sql_row_at(rows, 0, arena, &txn->error);
	*blob_out = sql_read_digest(&row);
	return txn_ok(txn);
}

size_t release_store_paths(
	struct txn *txn, struct su_arena *arena, const char ***paths_out, struct digest **blobs_out)
{
	struct pg_result *rows su_auto(sql_rows_free) = txn_query_all(txn, STATEMENT_RELEASE_PATHS);
	size_t n = sql_rows_count(rows);
	*paths_out = su_arena_array(arena, n, sizeof(**paths_out));
	*blobs_out = su_arena_array(arena, n, sizeof(**blobs_out));
	for (size_t i = 0; i < n; i++) {
		struct sql_row row = sql_row_at(rows, i, arena, &txn->error);
		(*paths_out)[i] = sql_read_text(&row);
		(*blobs_out)[i] = sql_read_digest(&row);
	}
	return txn_ok(txn) ? n : 0;
}
