/* SPDX-License-Identifier: Apache-2.0 */
/* Where blobs lie, and what goes wrong with files: what writing, reading and mapping stand on. */
#include "store/blob_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/memory.h"

/* What an operator mends by making room, or by mounting anew. */
static bool is_full(int error)
{
	return error == ENOSPC || error == EDQUOT || error == EROFS || error == EFBIG;
}

enum su_status blob_fail(struct su_error *err, const char *what)
{
	enum su_status status = errno == ENOENT ? SU_NOT_FOUND : is_full(errno) ? SU_FULL : SU_IO;
	return su_fail(err, status, "", "cannot %s: %s", what, strerror(errno));
}

enum su_status blob_name(const struct digest *digest, char out[BLOB_HEX_SIZE], struct su_error *err)
{
	if (digest->alg != DIGEST_SHA256)
		return su_fail(err, SU_NOT_FOUND, "", "files are named by their SHA-256 alone");
	su_hex_encode(digest_span(digest), out);
	return SU_OK;
}

enum su_status blob_make_folder(
	int at, const char *name, int *fd_out, bool *is_new_out, struct su_error *err)
{
	*is_new_out = mkdirat(at, name, 0750) == 0;
	if (!*is_new_out && errno != EEXIST)
		return blob_fail(err, "make a storage folder");
	*fd_out = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd_out < 0)
		return blob_fail(err, "open a storage folder");
	return SU_OK;
}

enum su_status blob_open_shard(
	struct blob_store *store, const char *hex, int *fd_out, struct su_error *err)
{
	const char name[] = { hex[0], hex[1], '\0' };
	atomic_bool *is_durable = &store->is_durable[strtoul(name, NULL, 16) % BLOB_N_SHARDS];
	bool is_new;
	SU_TRY(blob_make_folder(store->blob_fd, name, fd_out, &is_new, err));
	if (!is_new && atomic_load(is_durable))
		return SU_OK;
	/* Also of one that was there: who made it may not have come to this. */
	if (fsync(store->blob_fd) != 0)
		return blob_fail(err, "sync a storage folder");
	atomic_store(is_durable, true);
	return SU_OK;
}

static enum su_status blob_path(
	const struct digest *digest, char out[BLOB_HEX_SIZE + 3], struct su_error *err)
{
	char hex[BLOB_HEX_SIZE];
	SU_TRY(blob_name(digest, hex, err));
	snprintf(out, BLOB_HEX_SIZE + 3, "%.2s/%s", hex, hex);
	return SU_OK;
}

enum su_status blob_open_fd(struct blob_store *store, const struct digest *digest, int *fd_out,
	uint64_t *size_out, struct su_error *err)
{
	char path[BLOB_HEX_SIZE + 3];
	struct stat info;
	SU_TRY(blob_path(digest, path, err));
	int fd su_auto(su_close_fd) = openat(store->blob_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &info) != 0)
		return blob_fail(err, "open the stored file");
	*size_out = (uint64_t)info.st_size;
	*fd_out = fd;
	fd = -1;
	return SU_OK;
}

bool blob_exists(struct blob_store *store, const struct digest *digest)
{
	char path[BLOB_HEX_SIZE + 3];
	return blob_path(digest, path, NULL) == SU_OK &&
	       faccessat(store->blob_fd, path, F_OK, 0) == 0;
}
