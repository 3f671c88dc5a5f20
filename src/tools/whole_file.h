/* SPDX-License-Identifier: Apache-2.0 */
/* Small files read and written in one go; "-" is standard input or output. */
#pragma once

#include "base/arena.h"
#include "base/status.h"

enum su_status whole_file_read(struct su_arena *arena, const char *path, size_t max_bytes,
	struct su_span *out, struct su_error *err) SU_MUST_CHECK;
/* Written to a temporary name, synced and renamed, so that nobody sees half a file. mode as in open(2). */
enum su_status whole_file_write(
	const char *path, struct su_span bytes, unsigned mode, struct su_error *err) SU_MUST_CHECK;
