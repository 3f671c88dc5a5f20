/* SPDX-License-Identifier: Apache-2.0 */
/* The folders of the store, and reading from it. */
#include "store/blob.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/memory.h"
#include "store/blob_store.h"

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

static enum su_status make_folder(
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

static enum su_status open_folder(int at, const char *name, int *out, struct su_error *err)
{
	bool is_new;
	return make_folder(at, name, out, &is_new, err);
}

/* A living writer, of whichever process, holds a lock on its file. */
static void remove_if_abandoned(int folder, const char *name)
{
	int fd su_auto(su_close_fd) = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		unlinkat(folder, name, 0);
}

static enum su_status remove_leftovers(int folder, struct su_error *err)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		enum su_status status = blob_fail(err, "list a storage folder");
		su_close_fd(&fd);
		return status;
	}
	for (const struct dirent *entry; (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			remove_if_abandoned(folder, entry->d_name);
	closedir(dir);
	return SU_OK;
}

enum su_status blob_store_open(const char *root, struct blob_store **out, struct su_error *err)
{
	int root_fd su_auto(su_close_fd) = -1;
	struct blob_store *store su_auto(blob_store_close) = su_new(struct blob_store);
	store->blob_fd = store->upload_fd = store->temp_fd = -1;
	SU_TRY(open_folder(AT_FDCWD, root, &root_fd, err));
	SU_TRY(open_folder(root_fd, "blob", &store->blob_fd, err));
	SU_TRY(open_folder(root_fd, "upload", &store->upload_fd, err));
	SU_TRY(open_folder(root_fd, "temp", &store->temp_fd, err));
	if (fsync(root_fd) != 0)
		return blob_fail(err, "sync the storage folder");
	SU_TRY(remove_leftovers(store->temp_fd, err));
	*out = store;
	store = NULL;
	return SU_OK;
}

void blob_store_close(struct blob_store **store)
{
	if (!store || !*store)
		return;
	blob_mappings_drop(*store);
	su_close_fd(&(*store)->blob_fd);
	su_close_fd(&(*store)->upload_fd);
	su_close_fd(&(*store)->temp_fd);
	free(*store);
	*store = NULL;
}

enum su_status blob_open_shard(
	struct blob_store *store, const char *hex, int *fd_out, struct su_error *err)
{
	const char name[] = { hex[0], hex[1], '\0' };
	atomic_bool *is_durable = &store->is_durable[strtoul(name, NULL, 16) % BLOB_N_SHARDS];
	bool is_new;
	SU_TRY(make_folder(store->blob_fd, name, fd_out, &is_new, err));
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

enum su_status blob_open(struct blob_store *store, const struct digest *digest, int *fd_out,
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

enum su_status blob_open_fd(struct blob_store *store, const struct digest *digest, int *fd_out,
	uint64_t *size_out, struct su_error *err)
{
	return blob_open(store, digest, fd_out, size_out, err);
}

bool blob_exists(struct blob_store *store, const struct digest *digest)
{
	char path[BLOB_HEX_SIZE + 3];
	return blob_path(digest, path, NULL) == SU_OK &&
	       faccessat(store->blob_fd, path, F_OK, 0) == 0;
}

static enum su_status read_all(int fd, uint8_t *out, size_t size, struct su_error *err)
{
	for (size_t done = 0; done < size;) {
		ssize_t got = read(fd, out + done, size - done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return blob_fail(err, "read the stored file");
		if (got == 0)
			return su_fail(err, SU_IO, "", "the stored file is shorter than it was");
		done += (size_t)got;
	}
	return SU_OK;
}

enum su_status blob_read(struct blob_store *store, const struct digest *digest, size_t max_bytes,
	struct su_arena *arena, struct su_span *out, struct su_error *err)
{
	int fd su_auto(su_close_fd) = -1;
	uint64_t size;
	SU_TRY(blob_open(store, digest, &fd, &size, err));
	if (size > max_bytes)
		return su_fail(err, SU_TOO_LARGE, "", "the stored file is larger than %zu bytes",
			max_bytes);
	uint8_t *bytes = su_arena_alloc(arena, (size_t)size + 1);
	SU_TRY(read_all(fd, bytes, (size_t)size, err));
	*out = su_span_of(bytes, (size_t)size);
	return SU_OK;
}

enum su_status blob_put(
	struct blob_store *store, struct su_span bytes, struct digest *out, struct su_error *err)
{
	struct blob_writer *writer su_auto(blob_writer_abort) = NULL;
	SU_TRY(blob_writer_new(store, &writer, err));
	SU_TRY(blob_writer_append(writer, bytes, err));
	return blob_writer_finish_take(&writer, NULL, out, err);
}
