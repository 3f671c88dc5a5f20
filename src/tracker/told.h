/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of devices and of what they told about themselves. */
#pragma once

#include "base/arena.h"
#include "model/device.h"

/* Deep copies into arena. */
void told_copy(
	struct su_arena *arena, const struct characteristics *from, struct characteristics *to);
const struct calendar *told_copy_calendar(
	struct su_arena *arena, const struct calendar *from); /* NULL gives NULL */
/* Of all that device points to. */
void told_keep_device(struct su_arena *arena, struct device *device);
