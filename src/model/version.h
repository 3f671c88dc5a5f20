/* SPDX-License-Identifier: Apache-2.0 */
/* Versions as draft-ietf-suit-update-management encodes them, their text and their order. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"

#define VERSION_MAX_PARTS 8

/* 1.2.3 is [1, 2, 3]; -1 stands for rc, -2 for beta, -3 for alpha: 1.2-rc.3 is [1, 2, -1, 3]. */
struct version {
	unsigned n_parts; /* 0: unknown */
	int64_t parts[VERSION_MAX_PARTS];
};

/*
 * "1.2.0", "1.2-rc.3"; an unknown version is "". Other negative parts, which have no word, are
 * numbers: "1.-7". Whatever is formatted can be parsed, but for "".
 */
char *version_format(struct su_arena *arena, const struct version *version);
enum su_status version_parse(
	const char *text, struct version *out, struct su_error *err) SU_MUST_CHECK;

/*
 * Element by element over the first n_parts of b (version matching): <0, 0, >0. Parts that a
 * lacks count as 0, so that 2.0 is above 2.0-rc.1 and equals 2.0.0.
 */
int version_compare(const struct version *a, const struct version *b);
