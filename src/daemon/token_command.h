/* SPDX-License-Identifier: Apache-2.0 */
/* suitd --create-token: how the first administrator gets in. */
#pragma once

#include "base/arena.h"
#include "daemon/command_line.h"
#include "daemon/config.h"

/* Works on the database directly and brings its schema up to date. *secret_out is shown once. */
enum su_status token_command_create(const struct config *config, const struct command_line *line,
	struct su_arena *arena, const char **secret_out, struct su_error *err) SU_MUST_CHECK;
