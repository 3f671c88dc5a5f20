/* SPDX-License-Identifier: Apache-2.0 */
/* The update mode of a device, settled whenever it tells what it rests on. */
#pragma once

#include "tracker/turn.h"

/* Before turn->device is written: its mode and why, by what it tells now and by the policy in force now, and
 * whether what is in flight has to be looked at again. */
void settling_do(struct turn *turn);
/* Whoever looks after what is due does it with what the write stores. */
void settling_look_again(struct turn *turn);
