/* SPDX-License-Identifier: Apache-2.0 */
/* Where a simulation takes its fleet, its policy and its release from: options, files, the server. */
#pragma once

#include "tools/cli.h"
#include "tools/sim_task.h"

/* Everything but the trace; settled, too. What lives, lives in the arena of cli. */
enum su_status sim_source_read(
	struct cli *cli, struct sim_task *out, struct su_error *err) SU_MUST_CHECK;
