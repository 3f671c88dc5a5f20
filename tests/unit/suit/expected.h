/* SPDX-License-Identifier: Apache-2.0 */
/* Holds a decoded envelope against what a vector's description says that it is. */
#pragma once

#include <jansson.h>

#include "base/arena.h"
#include "suit/envelope.h"
#include "suit/survey.h"

/*
 * Each fails the test, naming the vector, where envelope differs from the description. The
 * published descriptions and ours agree on these members but for small differences in form.
 */
void expected_check_envelope(
	struct su_arena *arena, const struct envelope *envelope, const json_t *expected);
void expected_check_commands(const struct manifest *manifest, const json_t *expected);
void expected_check_severed(
	struct su_arena *arena, const struct manifest *manifest, const json_t *expected);
void expected_check_integrated(
	struct su_arena *arena, const struct envelope *envelope, const json_t *expected);
/* images, vendor_ids, class_ids, ... of ours only. */
void expected_check_survey(
	struct su_arena *arena, const struct survey *survey, const json_t *expected);
