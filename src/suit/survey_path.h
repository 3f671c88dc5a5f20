/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks every way through a manifest's alternatives as far as it concerns one component, and notes
 * which payloads that component gets. Part of survey.
 */
#pragma once

#include "suit/survey.h"

#define SURVEY_MAX_PATHS  4096
#define SURVEY_MAX_STEPS  1000000
#define SURVEY_MAX_IMAGES 256

/* Images found so far. written: a directive put something into the component; else only checked. */
struct survey_images {
	size_t n;
	struct survey_image at[SURVEY_MAX_IMAGES];
	size_t n_checked;
	struct survey_image checked[SURVEY_MAX_IMAGES];
};

struct survey_walk {
	struct su_arena *arena;
	const struct manifest *manifest;
	uint64_t component_index;
	bool all_depend; /* copy-params carries choices from component to component */
	size_t steps_left;
};

/* Appends what the sections, run in order, do to the component. Distinct images only. */
enum su_status survey_path_walk(struct survey_walk *walk, const enum manifest_key *sections,
	size_t n_sections, struct survey_images *images, struct su_error *err) SU_MUST_CHECK;
