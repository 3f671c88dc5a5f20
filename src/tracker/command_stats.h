/* SPDX-License-Identifier: Apache-2.0 */
/* What came of the commands that this process sent: written on the loop, read by /metrics on a worker. */
#pragma once

#include <stdatomic.h>

#include "tracker/channel.h"

struct command_stats {
	atomic_uint_fast64_t ended[COMMAND_KIND_COUNT][COMMAND_OUTCOME_COUNT];
};

static inline void command_stats_add(
	struct command_stats *stats, enum command_kind kind, enum command_outcome outcome)
{
	atomic_fetch_add_explicit(&stats->ended[kind][outcome], 1, memory_order_relaxed);
}
