/* SPDX-License-Identifier: Apache-2.0 */
/* A small manifest for tests: one component, the parameters and conditions that a test asks for. */
#pragma once

#include "suit/encode.h"

#define MADE_MAX_CONDITIONS 8
#define MADE_BIT(key)       (UINT64_C(1) << (key))

struct made_manifest {
	struct parameters parameters; /* in the shared sequence; URI and digest are added */
	size_t n_conditions;
	enum command_code conditions[MADE_MAX_CONDITIONS];
};

/* The signed envelope (keys: n of them), decoded. Fails the test when it cannot be made. */
struct envelope made_manifest_envelope(struct su_arena *arena, const struct made_manifest *made,
	struct key *const *keys, size_t n_keys);
