/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/images: PUT streams to disk while hashing; the bytes are served by http_blob.c. */
#include "server/http_handlers.h"
#include "server/http_json.h"
#include "server/http_values.h"
#include "server/http_views.h"
#include "store/image_store.h"
#include "tracker/intake.h"

struct put {
	struct digest digest;
	struct blob_writer *writer;
};

static enum su_status begin(struct http_call *call, struct su_error *err)
{
	struct put *put = su_arena_new_of(call->arena, struct put);
	SU_TRY(http_value_digest(call, &put->digest, err));
	if (put->digest.alg != DIGEST_SHA256)
		return su_fail(err, SU_INVALID, "digest", "images are named by their SHA-256");
	call->state = put;
	return blob_writer_new(call->env->blobs, &put->writer, err);
}

static enum su_status write_piece(
	struct http_call *call, struct su_span piece, struct su_error *err)
{
	struct put *put = call->state;
	return blob_writer_append(put->writer, piece, err);
}

static enum su_status get_image(struct http_call *call, const struct digest *digest,
	bool *found_out, struct image *out, struct su_error *err)
{
	struct txn txn = txn_begin(call->conn);
	*found_out = image_store_get(&txn, call->arena, digest, out);
	return txn_commit(&txn, err);
}

static enum su_status end(struct http_call *call, struct su_error *err)
{
	struct put *put = call->state;
	struct digest found;
	struct image image;
	const struct image arrived = {
		.digest = put->digest,
		.size_bytes = blob_writer_length(put->writer),
		.uploaded_by = call->actor->name,
		.uploaded_at_ms = call->now_ms,
	};
	bool known;
	SU_TRY(blob_writer_finish_take(&put->writer, &put->digest, &found, err));
	SU_TRY(get_image(call, &put->digest, &known, &image, err));
	if (!known) {
		SU_TRY(intake_image(call->env->intake, call->conn, &arrived, err));
		SU_TRY(get_image(call, &put->digest, &(bool){ false }, &image, err));
	}
	http_reply_json_take(call, known ? 200 : 201, http_view_image(&image));
	return SU_OK;
}

static void cut(struct http_call *call)
{
	struct put *put = call->state;
	blob_writer_abort(&put->writer);
}

const struct http_stream http_images_put = {
	.begin = begin, .write = write_piece, .end = end, .cut = cut
};

enum su_status http_images_get(struct http_call *call, struct su_error *err)
{
	struct digest digest;
	struct image image;
	bool found;
	SU_TRY(http_value_digest(call, &digest, err));
	SU_TRY(get_image(call, &digest, &found, &image, err));
	if (!found)
		return su_fail(err, SU_NOT_FOUND, "digest", "there is no such image");
	http_reply_json_take(call, 200, http_view_image(&image));
	return SU_OK;
}

enum su_status http_images_list(struct http_call *call, struct su_error *err)
{
	const char *cursor = http_call_query(call, "cursor");
	char next[DIGEST_TEXT_SIZE];
	struct digest after;
	struct image *images;
	size_t limit;
	SU_TRY(http_call_limit(call, &limit, err));
	if (cursor && digest_parse(cursor, &after, NULL) != SU_OK)
		return su_fail(err, SU_INVALID, "cursor", "this cursor is not one of ours");
	struct txn txn = txn_begin(call->conn);
	size_t n = image_store_list(&txn, call->arena, cursor ? &after : NULL, limit + 1, &images);
	SU_TRY(txn_commit(&txn, err));
	json_t *items = json_array();
	for (size_t i = 0; i < n && i < limit; i++)
		json_array_append_new(items, http_view_image(&images[i]));
	if (n > limit)
		digest_format(&images[limit - 1].digest, next);
	http_reply_json_take(call, 200, http_json_page_take(items, n > limit ? next : NULL));
	return SU_OK;
}
