/* SPDX-License-Identifier: Apache-2.0 */
/* Polls that memory alone could not answer: written on the loop, read by /metrics on a worker. */
#pragma once

#include <stdatomic.h>

struct poll_stats {
	atomic_uint_fast64_t planned; /* the planner was asked */
	atomic_uint_fast64_t failed;  /* of these: it could not tell */
};
