/* SPDX-License-Identifier: Apache-2.0 */
/* The folders of a blob store, for blob*.c alone. */
#pragma once

#include <stdatomic.h>

#include "store/blob.h"

#define BLOB_HEX_SIZE 65
#define BLOB_N_SHARDS 256

struct blob_store {
	int blob_fd, upload_fd, temp_fd;    /* the folders */
	struct blob_mapping *first_mapping; /* most recently used first */
	unsigned n_idle_mappings;
	size_t touched_bytes;                  /* of all mappings */
	atomic_bool is_durable[BLOB_N_SHARDS]; /* the entry of blob/<aa>, since we synced it */
	/* blob_space.h */
	atomic_uint_fast64_t low_bytes;
	atomic_bool is_low;
};

/* errno as SU_IO (SU_NOT_FOUND for ENOENT, SU_FULL where nothing can be written); "what" ends the sentence "cannot ...". */
enum su_status blob_fail(struct su_error *err, const char *what);
/* The digest's file name; SU_NOT_FOUND when it is not SHA-256: no blob has such a name. */
enum su_status blob_name(
	const struct digest *digest, char out[BLOB_HEX_SIZE], struct su_error *err) SU_MUST_CHECK;
/* An open descriptor of a folder, made when it is not there. */
enum su_status blob_make_folder(int at, const char *name, int *fd_out, bool *is_new_out,
	struct su_error *err) SU_MUST_CHECK;
/* An open descriptor of blob/<aa>, created durably when it is not there. */
enum su_status blob_open_shard(
	struct blob_store *store, const char *hex, int *fd_out, struct su_error *err) SU_MUST_CHECK;
void blob_mappings_drop(struct blob_store *store);
