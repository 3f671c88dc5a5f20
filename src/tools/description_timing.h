/* SPDX-License-Identifier: Apache-2.0 */
/* When and how urgently an update shall happen (suit-update-management), from the JSON description. */
#pragma once

#include <jansson.h>

#include "base/arena.h"
#include "suit/parameter.h"

/* Members update_priority, use_before, minimum_battery_mwh, wait_info of object. */
enum su_status description_timing_read(struct su_arena *arena, const json_t *object,
	struct parameters *out, struct su_error *err) SU_MUST_CHECK;
