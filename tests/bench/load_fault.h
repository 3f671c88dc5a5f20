/* SPDX-License-Identifier: Apache-2.0 */
/* A bad network on demand: what becomes of each datagram, the same for the same seed. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum load_fate { LOAD_PASS, LOAD_DROP, LOAD_HOLD, LOAD_TWICE };

/* Shares of all datagrams, from 0 to 1. */
struct load_fault {
	double drop, hold, twice;
	uint64_t state; /* begins as the seed; not 0 */
};

bool load_fault_is_on(const struct load_fault *fault);
enum load_fate load_fault_next(struct load_fault *fault);
