/* SPDX-License-Identifier: Apache-2.0 */
/* A store is opened and closed, and blobs are read and put. */
#include "store/blob.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/memory.h"
#include "store/blob_store.h"

#define LEAST_ROOM_BYTES ((uint64_t)16 * 1024)

static enum su_status open_folder(int at, const char *name, int *out, struct su_error *err)
{
	bool is_new;
	return blob_make_folder(at, name, out, &is_new, err);
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

enum su_status blob_store_check_room(struct blob_store *store, struct su_error *err)
{
	struct statvfs info;
	if (fstatvfs(store->temp_fd, &info) != 0)
		return blob_fail(err, "look at the storage folder");
	if (info.f_flag & ST_RDONLY)
		return su_fail(err, SU_FULL, "", "the storage directory is read-only");
	/* Where files are not counted there are none left either. */
	if (info.f_bavail * info.f_frsize < LEAST_ROOM_BYTES ||
		(info.f_files > 0 && info.f_favail == 0))
		return su_fail(err, SU_FULL, "", "the disk of the storage directory is full");
	return SU_OK;
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
	SU_TRY(blob_open_fd(store, digest, &fd, &size, err));
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
