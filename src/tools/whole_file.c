/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and replacing whole files. */
#include "tools/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

static enum su_status read_all(
	int fd, const char *path, size_t max_bytes, struct su_buf *buf, struct su_error *err)
{
	uint8_t chunk[65536];
	for (;;) {
		ssize_t got = read(fd, chunk, sizeof(chunk));
		if (got == 0)
			return SU_OK;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return su_fail(err, SU_IO, path, "cannot be read: %s", strerror(errno));
		if (buf->len + (size_t)got > max_bytes)
			return su_fail(
				err, SU_TOO_LARGE, path, "is longer than %zu bytes", max_bytes);
		su_buf_append(buf, chunk, (size_t)got);
	}
}

enum su_status whole_file_read(struct su_arena *arena, const char *path, size_t max_bytes,
	struct su_span *out, struct su_error *err)
{
	int fd su_auto(su_close_fd) =
		strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return su_fail(err, SU_IO, path, "cannot be opened: %s", strerror(errno));
	struct su_buf buf su_auto(su_buf_free) = { 0 };
	SU_TRY(read_all(fd, path, max_bytes, &buf, err));
	*out = su_arena_copy(arena, su_buf_span(&buf));
	return SU_OK;
}

static bool write_all(int fd, struct su_span bytes)
{
	while (bytes.len > 0) {
		ssize_t done = write(fd, bytes.data, bytes.len);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return false;
		bytes.data += done;
		bytes.len -= (size_t)done;
	}
	return true;
}

enum su_status whole_file_write(
	const char *path, struct su_span bytes, unsigned mode, struct su_error *err)
{
	if (strcmp(path, "-") == 0)
		return write_all(STDOUT_FILENO, bytes)
			       ? SU_OK
			       : su_fail(err, SU_IO, "", "standard output: %s", strerror(errno));
	char *temporary su_auto(su_free_ptr) = su_printf("%s.new", path);
	int fd su_auto(su_close_fd) =
		open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0)
		return su_fail(err, SU_IO, path, "cannot be written: %s", strerror(errno));
	if (!write_all(fd, bytes) || fsync(fd) != 0 || rename(temporary, path) != 0) {
		int saved = errno;
		unlink(temporary);
		return su_fail(err, SU_IO, path, "cannot be written: %s", strerror(saved));
	}
	return SU_OK;
}
