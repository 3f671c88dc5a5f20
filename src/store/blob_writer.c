/* SPDX-License-Identifier: Apache-2.0 */
/* Files on their way to become blobs. Each is locked by its writer (flock) for as long as it is open. */
#include "store/blob.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/uuid.h"
#include "store/blob_space.h"
#include "store/blob_store.h"
#include "suit/hash.h"

#define READ_CHUNK   (256 * 1024)
#define NAME_SIZE    64
#define WRITE_BACK   ((uint64_t)4 * 1024 * 1024)
#define MAX_FILE_LEN ((uint64_t)INT64_MAX)

struct blob_writer {
	struct blob_store *store;
	int folder_fd; /* of the store: temp or upload */
	char name[NAME_SIZE];
	int fd;
	uint64_t length;
	uint64_t written_back; /* so much is on its way to the disk, or there */
	/* The hash covers the first hashed bytes; the rest is read again once, when it is needed. */
	uint64_t hashed;
	struct hash *hash;
};

static enum su_status check_upload_name(const char *name, struct su_error *err)
{
	if (!*name || *name == '.' || strchr(name, '/') || strlen(name) >= NAME_SIZE)
		return su_fail(err, SU_INVALID, "", "not the name of an upload");
	return SU_OK;
}

/*
 * Between our opening and our locking somebody may have removed the file, or made it a blob, which
 * must not be written to.
 */
static bool is_still_named(const struct blob_writer *writer, const struct stat *info)
{
	struct stat named;
	return fstatat(writer->folder_fd, writer->name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       named.st_ino == info->st_ino && named.st_dev == info->st_dev;
}

static enum su_status open_writer(
	struct blob_writer *writer, const char *name, int flags, struct su_error *err)
{
	struct stat info;
	snprintf(writer->name, sizeof(writer->name), "%s", name);
	SU_TRY(hash_new(DIGEST_SHA256, &writer->hash, err));
	writer->fd = openat(writer->folder_fd, name, O_RDWR | O_CREAT | O_CLOEXEC | flags, 0640);
	if (writer->fd < 0)
		return blob_fail(err, "make a file");
	if (flock(writer->fd, LOCK_EX | LOCK_NB) != 0)
		return su_fail(err, SU_BUSY, "", "another request is writing to this upload");
	if (fstat(writer->fd, &info) != 0)
		return blob_fail(err, "look at a file");
	if (!is_still_named(writer, &info))
		return su_fail(err, SU_BUSY, "", "another request has just ended this upload");
	writer->length = (uint64_t)info.st_size;
	if (lseek(writer->fd, 0, SEEK_END) < 0)
		return blob_fail(err, "seek in a file");
	return SU_OK;
}

static struct blob_writer *new_writer(struct blob_store *store, int folder_fd)
{
	struct blob_writer *writer = su_new(struct blob_writer);
	writer->store = store;
	writer->folder_fd = folder_fd;
	writer->fd = -1;
	return writer;
}

enum su_status blob_writer_new(
	struct blob_store *store, struct blob_writer **out, struct su_error *err)
{
	char name[SU_UUID_TEXT_SIZE];
	/* Another process that starts may take the file for a left-over before it is locked. */
	for (int attempt = 0; attempt < 3; attempt++) {
		struct blob_writer *writer su_auto(blob_writer_close) =
			new_writer(store, store->temp_fd);
		su_uuid_format(su_uuid_v7(0), name);
		enum su_status status = open_writer(writer, name, O_EXCL, err);
		if (status == SU_BUSY)
			continue;
		SU_TRY(status);
		*out = writer;
		writer = NULL;
		return SU_OK;
	}
	return SU_BUSY;
}

enum su_status blob_writer_resume(
	struct blob_store *store, const char *name, struct blob_writer **out, struct su_error *err)
{
	struct blob_writer *writer su_auto(blob_writer_close) = new_writer(store, store->upload_fd);
	SU_TRY(check_upload_name(name, err));
	SU_TRY(open_writer(writer, name, 0, err));
	*out = writer;
	writer = NULL;
	return SU_OK;
}

static enum su_status write_all(int fd, struct su_span bytes, struct su_error *err)
{
	while (bytes.len > 0) {
		ssize_t done = write(fd, bytes.data, bytes.len);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return blob_fail(err, "write a file");
		bytes.data += done;
		bytes.len -= (size_t)done;
	}
	return SU_OK;
}

/* Starts writing to the disk while more is received, so that the sync at the end has little to wait
 * for. A disk that fails to is noticed by that sync. */
static void start_write_back(struct blob_writer *writer)
{
	uint64_t waiting = writer->length - writer->written_back;
	if (waiting < WRITE_BACK)
		return;
	(void)sync_file_range(
		writer->fd, (off_t)writer->written_back, (off_t)waiting, SYNC_FILE_RANGE_WRITE);
	writer->written_back = writer->length;
}

enum su_status blob_writer_append(
	struct blob_writer *writer, struct su_span bytes, struct su_error *err)
{
	if (bytes.len > MAX_FILE_LEN - writer->length)
		return su_fail(err, SU_TOO_LARGE, "", "the file would be too large");
	enum su_status status = write_all(writer->fd, bytes, err);
	if (status != SU_OK) {
		/* Part of it may be there: length must stay what the file has. */
		if (blob_writer_truncate(writer, writer->length, NULL) != SU_OK)
			su_error_prefix(err, "and cannot undo it");
		return status;
	}
	if (writer->hashed == writer->length) {
		hash_update(writer->hash, bytes);
		writer->hashed += bytes.len;
	}
	writer->length += bytes.len;
	start_write_back(writer);
	return SU_OK;
}

enum su_status blob_writer_truncate(
	struct blob_writer *writer, uint64_t length, struct su_error *err)
{
	if (length > writer->length)
		return su_fail(err, SU_BUG, "", "a file cannot be cut to more than it has");
	if (ftruncate(writer->fd, (off_t)length) != 0)
		return blob_fail(err, "cut a file");
	if (lseek(writer->fd, (off_t)length, SEEK_SET) < 0)
		return blob_fail(err, "seek in a file");
	writer->length = length;
	if (writer->written_back > length)
		writer->written_back = length;
	if (writer->hashed > length) {
		hash_free(&writer->hash);
		writer->hashed = 0;
		return hash_new(DIGEST_SHA256, &writer->hash, err);
	}
	return SU_OK;
}

enum su_status blob_writer_sync(struct blob_writer *writer, struct su_error *err)
{
	if (fdatasync(writer->fd) != 0 || fsync(writer->folder_fd) != 0)
		return blob_fail(err, "sync a file");
	return SU_OK;
}

uint64_t blob_writer_length(const struct blob_writer *writer)
{
	return writer->length;
}

static enum su_status hash_the_rest(struct blob_writer *writer, struct su_error *err)
{
	if (writer->hashed == writer->length)
		return SU_OK;
	uint8_t *chunk su_auto(su_free_ptr) = su_new_bytes(READ_CHUNK);
	while (writer->hashed < writer->length) {
		uint64_t left = writer->length - writer->hashed;
		ssize_t got = pread(writer->fd, chunk, left < READ_CHUNK ? left : READ_CHUNK,
			(off_t)writer->hashed);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return blob_fail(err, "read a file");
		if (got == 0)
			return su_fail(err, SU_IO, "", "a file became shorter while it was read");
		hash_update(writer->hash, su_span_of(chunk, (size_t)got));
		writer->hashed += (uint64_t)got;
	}
	return SU_OK;
}

/* Renaming over a file of the same content would do no harm, but keeps it from being mapped once. */
static enum su_status move_into_place(
	struct blob_writer *writer, const char *hex, struct su_error *err)
{
	int shard_fd su_auto(su_close_fd) = -1;
	SU_TRY(blob_open_shard(writer->store, hex, &shard_fd, err));
	if (faccessat(shard_fd, hex, F_OK, 0) == 0) {
		unlinkat(writer->folder_fd, writer->name, 0);
	} else {
		if (fsync(writer->fd) != 0)
			return blob_fail(err, "sync a file");
		if (renameat(writer->folder_fd, writer->name, shard_fd, hex) != 0)
			return blob_fail(err, "move a file into place");
	}
	/* Also when another writer was first: it may not have come to this yet. */
	if (fsync(shard_fd) != 0)
		return blob_fail(err, "sync a storage folder");
	return SU_OK;
}

enum su_status blob_writer_finish_take(struct blob_writer **writer, const struct digest *expected,
	struct digest *out, struct su_error *err)
{
	struct blob_writer *w su_auto(blob_writer_abort) = *writer;
	char hex[BLOB_HEX_SIZE];
	*writer = NULL;
	SU_TRY(hash_the_rest(w, err));
	*out = hash_final(w->hash);
	if (expected && !digest_equal(expected, out))
		return su_fail(err, SU_UNAUTHENTIC, "digest",
			"the bytes do not have the digest that was announced");
	SU_TRY(blob_name(out, hex, err));
	SU_TRY(move_into_place(w, hex, err));
	blob_space_check(w->store);
	blob_writer_close(&w);
	return SU_OK;
}

void blob_writer_abort(struct blob_writer **writer)
{
	if (!writer || !*writer)
		return;
	unlinkat((*writer)->folder_fd, (*writer)->name, 0);
	blob_writer_close(writer);
}

void blob_writer_close(struct blob_writer **writer)
{
	if (!writer || !*writer)
		return;
	struct blob_writer *w = *writer;
	hash_free(&w->hash);
	su_close_fd(&w->fd);
	free(w);
	*writer = NULL;
}

enum su_status blob_upload_length(
	struct blob_store *store, const char *name, uint64_t *out, struct su_error *err)
{
	struct stat info;
	SU_TRY(check_upload_name(name, err));
	if (fstatat(store->upload_fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
		return blob_fail(err, "find the upload's file");
	*out = (uint64_t)info.st_size;
	return SU_OK;
}

void blob_upload_remove(struct blob_store *store, const char *name)
{
	if (check_upload_name(name, NULL) == SU_OK)
		unlinkat(store->upload_fd, name, 0);
}
