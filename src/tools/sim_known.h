/* SPDX-License-Identifier: Apache-2.0 */
/* What the server knows of a device, in the words of GET /devices and of fleet files. */
#pragma once

#include <jansson.h>

#include "base/arena.h"
#include "model/device.h"

/* Members that are absent or null stay unknown; others than those of a device are not looked at. */
enum su_status sim_known_read(struct su_arena *arena, const json_t *object, struct device *out,
	struct su_error *err) SU_MUST_CHECK;
/* Ends with NULL: the members that are looked at. */
extern const char *const sim_known_members[];
