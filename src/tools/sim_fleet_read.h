/* SPDX-License-Identifier: Apache-2.0 */
/* Fleets that somebody describes: device by device, in a file or by the server (docs/policy-simulator.md). */
#pragma once

#include <jansson.h>

#include "tools/sim_fleet.h"

/* One device: with "kind", a generated one and what differs from it; without, what GET /devices says of it. */
enum su_status sim_fleet_read_device(struct su_arena *arena, struct sim_fleet *fleet,
	const json_t *object, struct su_error *err) SU_MUST_CHECK;
/* One device a line, or one JSON list of them. */
enum su_status sim_fleet_read_file(struct su_arena *arena, const char *path,
	const struct sim_recipe *recipe, struct sim_fleet **out,
	struct su_error *err) SU_MUST_CHECK;
