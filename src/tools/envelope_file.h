/* SPDX-License-Identifier: Apache-2.0 */
/* An envelope read from a file and decoded. */
#pragma once

#include "suit/envelope.h"

#define ENVELOPE_FILE_MAX_BYTES (64u << 20)

/* inspect: wrong digests are recorded instead of refused, see envelope.h. */
enum su_status envelope_file_read(struct su_arena *arena, const char *path, bool inspect,
	struct envelope *out, struct su_error *err) SU_MUST_CHECK;
