/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of images and of uploads under way; their bytes are in blob.h. */
#pragma once

#include "base/arena.h"
#include "model/image.h"
#include "store/txn.h"

/* No effect when the image is there already: uploading twice is no error. */
void image_store_insert(struct txn *txn, const struct image *image);
bool image_store_get(
	struct txn *txn, struct su_arena *arena, const struct digest *digest, struct image *out);
/* Ordered by digest, after the given one (NULL: from the start); at most limit. */
size_t image_store_list(struct txn *txn, struct su_arena *arena, const struct digest *after,
	size_t limit, struct image **out);

void upload_store_insert(struct txn *txn, const struct upload *upload);
bool upload_store_get(
	struct txn *txn, struct su_arena *arena, struct su_uuid id, struct upload *out);
void upload_store_finish(struct txn *txn, struct su_uuid id, const struct digest *image);
void upload_store_delete(struct txn *txn, struct su_uuid id);
/* Expired and unfinished ones; removed by the caller with their files. */
size_t upload_store_expired(
	struct txn *txn, struct su_arena *arena, int64_t now_ms, size_t limit, struct upload **out);
