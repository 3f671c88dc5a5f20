/* SPDX-License-Identifier: Apache-2.0 */
/* Files that an administrator wrote: configuration, keys, certificates. */
#pragma once

#include "base/span.h"
#include "base/status.h"

/* Appends the whole file. SU_NOT_FOUND; SU_TOO_LARGE beyond max_bytes; SU_IO. The text names path. */
enum su_status small_file_read(
	const char *path, size_t max_bytes, struct su_buf *out, struct su_error *err) SU_MUST_CHECK;
