/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that answer somebody run soon after they were woken, also where others use the processor. */
#pragma once

/*
 * Asks the kernel (from Linux 6.12 on; sched_setattr(2)) to give the calling thread its share of the processor
 * in short slices: not more of it, but earlier. Where that is unknown or forbidden, all stays as it is.
 */
void su_short_slices_ask(void);
