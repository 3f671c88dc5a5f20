/* SPDX-License-Identifier: Apache-2.0 */
/* The update mode of a device, settled whenever it tells what it rests on. */
#pragma once

#include "tracker/turn.h"

/* Sets turn->device's mode and why; it becomes part of the write. */
void settling_do(struct turn *turn);
