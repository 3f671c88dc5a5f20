/* SPDX-License-Identifier: Apache-2.0 */
/* What suitd was asked to do when it was started. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "model/role.h"

enum command {
	COMMAND_RUN,
	COMMAND_CHECK_CONFIG,
	COMMAND_PRINT_CONFIG,
	COMMAND_CREATE_TOKEN,
	COMMAND_HELP,
	COMMAND_VERSION,
};

struct command_line {
	enum command command;
	const char *config_path;
	bool config_is_default; /* the path was not given: a missing file means defaults */
	const char *token_name; /* COMMAND_CREATE_TOKEN */
	enum role token_role;
	int64_t token_lifetime_ms; /* 0: for ever */
};

extern const char command_line_help[];

/* Texts point into argv. */
enum su_status command_line_parse(
	int argc, char **argv, struct command_line *out, struct su_error *err) SU_MUST_CHECK;
