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
struct device *told_copy_device(struct su_arena *arena, const struct device *from);
