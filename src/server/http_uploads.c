/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /api/v1/uploads: tus 1.0. The offset of an upload is the length of its file and nothing else, so
 * it is right after a cut and after a restart. A writer holds a lock on the file: of two requests
 * for one upload the second is told to wait.
 */
#include <inttypes.h>

#include "server/http_handlers.h"
#include "server/http_hold.h"
#include "server/http_tus.h"
#include "server/http_values.h"
#include "store/image_store.h"
#include "suit/checksum.h"
#include "tracker/intake.h"

/* A PATCH under way. */
struct patch {
	struct upload upload;
	struct blob_writer *writer;
	uint64_t begin_offset;
	struct http_tus_checksum expected;
	struct checksum *checksum; /* NULL: none was announced */
};

void http_uploads_options(struct http_call *call)
{
	http_reply_header(call, "Tus-Resumable", HTTP_TUS_VERSION);
	http_reply_header(call, "Tus-Version", HTTP_TUS_VERSION);
	http_reply_header(call, "Tus-Extension", HTTP_TUS_EXTENSIONS);
	http_reply_header(call, "Tus-Checksum-Algorithm", "sha1,sha256");
	http_reply_header(call, "Tus-Max-Size", "%" PRIu64, call->env->max_image_bytes);
	http_reply_empty(call, 204);
	http_hold_finish(call);
}

static enum su_status read_creation(
	struct http_call *call, struct upload *out, struct su_error *err)
{
	const char *digest;
	*out = (struct upload){
		.id = su_uuid_v7(call->now_ms),
		.uploaded_by = call->actor->name,
		.created_at_ms = call->now_ms,
		.expires_at_ms = call->now_ms + call->env->upload_lifetime_ms,
	};
	SU_TRY(http_tus_number(call, "Upload-Length", &out->length_bytes, err));
	if (out->length_bytes > call->env->max_image_bytes)
		return su_fail(err, SU_TOO_LARGE, "Upload-Length",
			"an image may have %" PRIu64 " bytes", call->env->max_image_bytes);
	SU_TRY(http_tus_metadata(call, "digest", &digest, err));
	if (!digest)
		return SU_OK;
	if (digest_parse(digest, &out->expected, NULL) != SU_OK ||
		out->expected.alg != DIGEST_SHA256)
		return su_fail(err, SU_INVALID, "Upload-Metadata",
			"digest must be sha256:<64 hexadecimal digits>, encoded in base64");
	return SU_OK;
}

enum su_status http_uploads_create(struct http_call *call, struct su_error *err)
{
	struct upload upload;
	char id[SU_UUID_TEXT_SIZE];
	SU_TRY(http_tus_begin(call, err));
	SU_TRY(read_creation(call, &upload, err));
	struct txn txn = txn_begin(call->conn);
	upload_store_insert(&txn, &upload);
	SU_TRY(txn_commit(&txn, err));
	su_uuid_format(upload.id, id);
	http_reply_header(call, "Location", "/api/v1/uploads/%s", id);
	http_tus_reply_progress(call, &upload, 0);
	http_reply_empty(call, 201);
	return SU_OK;
}

static enum su_status load_upload(struct http_call *call, struct upload *out, struct su_error *err)
{
	struct su_uuid id;
	char *name = su_arena_alloc(call->arena, SU_UUID_TEXT_SIZE);
	SU_TRY(http_tus_begin(call, err));
	SU_TRY(http_value_uuid(call, &id, err));
	su_uuid_format(id, name);
	call->values[0] = name; /* one spelling, as it also names the file */
	struct txn txn = txn_begin(call->conn);
	bool found = upload_store_get(&txn, call->arena, id, out);
	SU_TRY(txn_commit(&txn, err));
	if (!found || (!digest_is_set(&out->finished) && out->expires_at_ms <= call->now_ms))
		return su_fail(err, SU_NOT_FOUND, "id", "there is no such upload, or no more");
	return SU_OK;
}

/* The bytes are stored as blob digest: makes them an image and ends the upload. */
static enum su_status record_image(struct http_call *call, struct upload *upload,
	const struct digest *digest, struct su_error *err)
{
	const struct image arrived = {
		.digest = *digest,
		.size_bytes = upload->length_bytes,
		.uploaded_by = upload->uploaded_by,
		.uploaded_at_ms = call->now_ms,
	};
	SU_TRY(intake_image(call->env->intake, call->conn, &arrived, err));
	struct txn txn = txn_begin(call->conn);
	upload_store_finish(&txn, upload->id, digest);
	SU_TRY(txn_commit(&txn, err));
	upload->finished = *digest;
	return SU_OK;
}

static enum su_status forget_upload(
	struct http_call *call, const struct upload *upload, struct su_error *err)
{
	struct txn txn = txn_begin(call->conn);
	upload_store_delete(&txn, upload->id);
	return txn_commit(&txn, err);
}

/* All bytes are there. Those of a wrong digest are gone afterwards, and the upload with them. */
static enum su_status complete(struct http_call *call, struct upload *upload,
	struct blob_writer **writer, struct su_error *err)
{
	struct digest digest;
	const struct digest *expected = digest_is_set(&upload->expected) ? &upload->expected : NULL;
	enum su_status status = blob_writer_finish_take(writer, expected, &digest, err);
	if (status == SU_UNAUTHENTIC && forget_upload(call, upload, NULL) != SU_OK)
		return status; /* it expires by itself */
	SU_TRY(status);
	return record_image(call, upload, &digest, err);
}

static enum su_status locked(struct http_call *call, enum su_status status)
{
	if (status == SU_BUSY)
		http_reply_problem(
			call, HTTP_TUS_LOCKED, "another request is writing to this upload");
	return status;
}

/*
 * What an upload may have been left in by a crash: all bytes there but not yet an image, or the
 * file in its place and the rows not written.
 */
static enum su_status recover(
	struct http_call *call, struct upload *upload, uint64_t *offset_out, struct su_error *err)
{
	struct blob_writer *writer = NULL;
	enum su_status status =
		blob_upload_length(call->env->blobs, call->values[0], offset_out, err);
	if (status == SU_NOT_FOUND && digest_is_set(&upload->expected) &&
		blob_exists(call->env->blobs, &upload->expected)) {
		*offset_out = upload->length_bytes;
		return record_image(call, upload, &upload->expected, err);
	}
	if (status == SU_NOT_FOUND)
		*offset_out = 0;
	else
		SU_TRY(status);
	if (*offset_out < upload->length_bytes)
		return SU_OK;
	SU_TRY(locked(call, blob_writer_resume(call->env->blobs, call->values[0], &writer, err)));
	return complete(call, upload, &writer, err);
}

enum su_status http_uploads_head(struct http_call *call, struct su_error *err)
{
	struct upload upload;
	uint64_t offset;
	SU_TRY(load_upload(call, &upload, err));
	offset = upload.length_bytes;
	if (!digest_is_set(&upload.finished))
		SU_TRY(recover(call, &upload, &offset, err));
	http_reply_header(call, "Cache-Control", "no-store");
	http_reply_header(call, "Upload-Length", "%" PRIu64, upload.length_bytes);
	http_tus_reply_progress(call, &upload, offset);
	http_reply_empty(call, 200);
	return SU_OK;
}

enum su_status http_uploads_delete(struct http_call *call, struct su_error *err)
{
	struct blob_writer *writer = NULL;
	struct upload upload;
	SU_TRY(load_upload(call, &upload, err));
	if (digest_is_set(&upload.finished))
		return su_fail(err, SU_CONFLICT, "id", "this upload is an image already");
	SU_TRY(locked(call, blob_writer_resume(call->env->blobs, call->values[0], &writer, err)));
	enum su_status status = forget_upload(call, &upload, err);
	if (status == SU_OK)
		blob_writer_abort(&writer);
	else
		blob_writer_close(&writer);
	SU_TRY(status);
	http_reply_empty(call, 204);
	return SU_OK;
}

/* Closes what begin or end leaves behind; the bytes stay. */
static void close_patch(struct patch *patch)
{
	blob_writer_close(&patch->writer);
	checksum_free(&patch->checksum);
}

static enum su_status open_patch(
	struct http_call *call, struct patch *patch, uint64_t offset, struct su_error *err)
{
	if (digest_is_set(&patch->upload.finished))
		return su_fail(err, SU_CONFLICT, "id", "this upload is complete");
	SU_TRY(http_tus_checksum(call, &patch->expected, err));
	if (patch->expected.algorithm &&
		checksum_new(patch->expected.algorithm, &patch->checksum, NULL) != SU_OK)
		return su_fail(err, SU_INVALID, "Upload-Checksum",
			"checksums are sha1 or sha256, not %.20s", patch->expected.algorithm);
	SU_TRY(locked(
		call, blob_writer_resume(call->env->blobs, call->values[0], &patch->writer, err)));
	patch->begin_offset = blob_writer_length(patch->writer);
	if (offset == patch->begin_offset)
		return SU_OK;
	http_reply_header(call, "Upload-Offset", "%" PRIu64, patch->begin_offset);
	return su_fail(err, SU_CONFLICT, "Upload-Offset", "this upload is at offset %" PRIu64,
		patch->begin_offset);
}

static enum su_status begin(struct http_call *call, struct su_error *err)
{
	struct patch *patch = su_arena_new_of(call->arena, struct patch);
	uint64_t offset;
	call->state = patch;
	SU_TRY(load_upload(call, &patch->upload, err));
	SU_TRY(http_tus_number(call, "Upload-Offset", &offset, err));
	enum su_status status = open_patch(call, patch, offset, err);
	if (status != SU_OK)
		close_patch(patch);
	return status;
}

static enum su_status write_piece(
	struct http_call *call, struct su_span piece, struct su_error *err)
{
	struct patch *patch = call->state;
	uint64_t left = patch->upload.length_bytes - blob_writer_length(patch->writer);
	if (piece.len > left)
		return su_fail(err, SU_TOO_LARGE, "Upload-Length",
			"this is more than the announced %" PRIu64 " bytes",
			patch->upload.length_bytes);
	if (patch->checksum)
		checksum_update(patch->checksum, piece);
	return blob_writer_append(patch->writer, piece, err);
}

static enum su_status check_sum(struct http_call *call, struct patch *patch, struct su_error *err)
{
	if (!patch->checksum || checksum_matches(patch->checksum, patch->expected.sum))
		return SU_OK;
	SU_TRY(blob_writer_truncate(patch->writer, patch->begin_offset, err));
	http_reply_problem(call, HTTP_TUS_CHECKSUM_MISMATCH,
		"the bytes do not have the announced checksum and are discarded");
	return su_fail(err, SU_UNAUTHENTIC, "Upload-Checksum", "the checksum is another");
}

static enum su_status end_patch(struct http_call *call, struct patch *patch, struct su_error *err)
{
	SU_TRY(check_sum(call, patch, err));
	uint64_t offset = blob_writer_length(patch->writer);
	if (offset == patch->upload.length_bytes)
		SU_TRY(complete(call, &patch->upload, &patch->writer, err));
	else
		SU_TRY(blob_writer_sync(patch->writer, err));
	http_tus_reply_progress(call, &patch->upload, offset);
	http_reply_empty(call, 204);
	return SU_OK;
}

static enum su_status end(struct http_call *call, struct su_error *err)
{
	enum su_status status = end_patch(call, call->state, err);
	close_patch(call->state);
	return status;
}

/* What came before a cut stays, unless its checksum can no longer be checked. */
static void cut(struct http_call *call)
{
	struct patch *patch = call->state;
	if (patch->checksum &&
		blob_writer_truncate(patch->writer, patch->begin_offset, NULL) != SU_OK)
		blob_writer_abort(&patch->writer); /* then nothing of it may be trusted */
	close_patch(patch);
}

const struct http_stream http_uploads_patch = {
	.begin = begin, .write = write_piece, .end = end, .cut = cut
};
