/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of image and upload. */
#include "store/image_store.h"

#include "base/memory.h"
#include "store/txn_query.h"

static struct image read_image(struct sql_row row)
{
	struct image image;
	image.digest = sql_read_digest(&row);
	image.size_bytes = sql_read_uint(&row);
	image.uploaded_by = sql_read_text(&row);
	image.uploaded_at_ms = sql_read_int(&row);
	return image;
}

void image_store_insert(struct txn *txn, const struct image *image)
{
	size_t added = txn_execute(txn, STATEMENT_IMAGE_INSERT, sql_digest(&image->digest),
		sql_uint(image->size_bytes), sql_text(image->uploaded_by),
		sql_int(image->uploaded_at_ms));
	if (added == 0)
		return;
	txn_count(txn, "images", "", 1);
	txn_count(txn, "image_bytes", "", (int64_t)image->size_bytes);
}

bool image_store_get(
	struct txn *txn, struct su_arena *arena, const struct digest *digest, struct image *out)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_IMAGE_GET, sql_digest(digest));
	if (sql_rows_count(rows) == 0)
		return false;
	*out = read_image(sql_row_at(rows, 0, arena, &txn->error));
	return txn_ok(txn);
}

size_t image_store_list(struct txn *txn, struct su_arena *arena, const struct digest *after,
	size_t limit, struct image **out)
{
	struct pg_result *rows su_auto(sql_rows_free) = txn_query(txn, STATEMENT_IMAGE_LIST,
		after ? sql_digest(after) : sql_text(""), sql_uint(limit));
	size_t n = sql_rows_count(rows);
	*out = su_arena_array(arena, n, sizeof(**out));
	for (size_t i = 0; i < n; i++)
		(*out)[i] = read_image(sql_row_at(rows, i, arena, &txn->error));
	return txn_ok(txn) ? n : 0;
}

static struct upload read_upload(struct sql_row row)
{
	struct upload upload;
	upload.id = sql_read_uuid(&row);
	upload.length_bytes = sql_read_uint(&row);
	upload.expected = sql_read_digest(&row);
	upload.uploaded_by = sql_read_text(&row);
	upload.created_at_ms = sql_read_int(&row);
	upload.expires_at_ms = sql_read_int(&row);
	upload.finished = sql_read_digest(&row);
	return upload;
}

void upload_store_insert(struct txn *txn, const struct upload *upload)
{
	txn_execute(txn, STATEMENT_UPLOAD_INSERT, sql_uuid(upload->id),
		sql_uint(upload->length_bytes), sql_digest(&upload->expected),
		sql_text(upload->uploaded_by), sql_int(upload->created_at_ms),
		sql_int(upload->expires_at_ms));
}

bool upload_store_get(
	struct txn *txn, struct su_arena *arena, struct su_uuid id, struct upload *out)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_UPLOAD_GET, sql_uuid(id));
	if (sql_rows_count(rows) == 0)
		return false;
	*out = read_upload(sql_row_at(rows, 0, arena, &txn->error));
	return txn_ok(txn);
}

void upload_store_finish(struct txn *txn, struct su_uuid id, const struct digest *image)
{
	if (txn_execute(txn, STATEMENT_UPLOAD_FINISH, sql_uuid(id), sql_digest(image)) == 0)
		txn_fail(txn, SU_NOT_FOUND, "", "there is no such upload");
}

void upload_store_delete(struct txn *txn, struct su_uuid id)
{
	txn_execute(txn, STATEMENT_UPLOAD_DELETE, sql_uuid(id));
}

size_t upload_store_expired(
	struct txn *txn, struct su_arena *arena, int64_t now_ms, size_t limit, struct upload **out)
{
	/* Finished ones have no file any more: nobody else needs to hear of them. */
	txn_execute(txn, STATEMENT_UPLOAD_PURGE, sql_int(now_ms));
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_UPLOAD_EXPIRED, sql_int(now_ms), sql_uint(limit));
	size_t n = sql_rows_count(rows);
	*out = su_arena_array(arena, n, sizeof(**out));
	for (size_t i = 0; i < n; i++)
		(*out)[i] = read_upload(sql_row_at(rows, i, arena, &txn->error));
	return txn_ok(txn) ? n : 0;
}
