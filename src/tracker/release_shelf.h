/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The facts of the releases that were chosen last, so that the devices of a fleet share them instead
 * of each keeping what a worker made for it. Bounded. Loop thread only.
 */
#pragma once

#include "tracker/release_facts.h"

struct release_shelf;

struct release_shelf *release_shelf_new(void);
void release_shelf_free(struct release_shelf **shelf);
/*
 * *facts, which were made when the releases were at generation, become those of the same release
 * and generation that are there already; else they are put there for those who come. NULL stays NULL.
 */
void release_shelf_share(
	struct release_shelf *shelf, uint64_t generation, struct release_facts **facts);
