/* SPDX-License-Identifier: Apache-2.0 */
/* What suitd can be asked to do: to run, or to do one thing and end. */
#pragma once

#include "daemon/command_line.h"

/* Results go to standard output; err says why it did not work. */
enum su_status commands_execute(
	const struct command_line *line, struct su_error *err) SU_MUST_CHECK;
