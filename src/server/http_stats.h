/* SPDX-License-Identifier: Apache-2.0 */
/* What the HTTP front end counts: written on the loop, read by /metrics on a worker. */
#pragma once

#include <stdatomic.h>

struct http_stats {
	atomic_uint_fast64_t replies[6];          /* by the first digit of their status */
	atomic_uint_fast64_t connections;         /* open now */
	atomic_uint_fast64_t refused_connections; /* too many of one address */
	atomic_uint_fast64_t cut_connections;     /* nothing moved on them */
	atomic_uint_fast64_t waiting;             /* requests for commands, now */
};

static inline void http_stats_add(atomic_uint_fast64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}
