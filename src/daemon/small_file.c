/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a file whole, up to a bound. */
#include "daemon/small_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

static void close_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

enum su_status small_file_read(
	const char *path, size_t max_bytes, struct su_buf *out, struct su_error *err)
{
	FILE *file su_auto(close_file) = fopen(path, "re");
	if (!file)
		return su_fail(err, errno == ENOENT ? SU_NOT_FOUND : SU_IO, "", "%s: %s", path,
			strerror(errno));
	char piece[4096];
	size_t total = 0, len;
	while ((len = fread(piece, 1, sizeof(piece), file)) > 0) {
		total += len;
		if (total > max_bytes)
			return su_fail(err, SU_TOO_LARGE, "", "%s: is larger than %zu bytes", path,
				max_bytes);
		su_buf_append(out, piece, len);
	}
	if (ferror(file))
		return su_fail(err, SU_IO, "", "%s: %s", path, strerror(errno));
	return SU_OK;
}
