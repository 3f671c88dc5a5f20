/* SPDX-License-Identifier: Apache-2.0 */
/* The release that is simulated, as far as policies ask about releases; in the words of GET /releases/{digest}. */
#pragma once

#include <jansson.h>

#include "base/arena.h"
#include "model/release.h"

/* Members that are absent or null stay unknown, others than these are not looked at: kind, labels, version,
 * update_priority, use_before, published_at, images (size, hosted, integrated). */
enum su_status sim_release_read(struct su_arena *arena, const json_t *object, struct release *out,
	struct su_error *err) SU_MUST_CHECK;
enum su_status sim_release_read_file(struct su_arena *arena, const char *path, struct release *out,
	struct su_error *err) SU_MUST_CHECK;
