/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a manifest (suit-manifest section 8.4.4) from its JSON form. */
#pragma once

#include <jansson.h>

#include "base/arena.h"
#include "base/status.h"

/* {"en-US": {"description": ..., "update_description": ..., "components": {"['app']": {...}}}} */
enum su_status description_text_encode(struct su_arena *arena, json_t *languages,
	struct su_span *out, struct su_error *err) SU_MUST_CHECK;
