/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time zones of the system's tzdata (RFC 8536 files), read once and kept for the life of the process;
 * what the system's administrator updates counts from the next start. Safe to call from any thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct zone;

/* NULL name: UTC. NULL: there is no such zone. Names are as case-sensitive as tzdata is. */
const struct zone *zone_find(const char *name);

/* What a clock on the wall shows at utc_s, counted as if it were UTC. */
int64_t zone_to_local_s(const struct zone *zone, int64_t utc_s);
/* The first moment at which the clock on the wall shows local_s or later: when it jumps over
 * local_s the moment of the jump, when it shows local_s twice the first. */
int64_t zone_to_utc_s(const struct zone *zone, int64_t local_s);
