/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines of suitctl: declarative commands, long options, help made from the same tables. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"

#define CLI_MAX_OPTIONS 56
#define CLI_MAX_GIVEN   64

/* value NULL: a flag. A list ends with a NULL name. */
struct cli_option {
	const char *name;
	const char *value;
	const char *help;
};

struct cli;

struct cli_command {
	const char *words;     /* "manifest show" */
	const char *arguments; /* "FILE", for the usage line */
	const char *summary;
	size_t min_arguments, max_arguments;
	struct cli_option options[CLI_MAX_OPTIONS];
	enum su_status (*run)(struct cli *cli, struct su_error *err);
};

struct cli_given {
	const struct cli_option *option;
	const char *value;
};

/* One invocation: what was given, and memory that lives as long. */
struct cli {
	const struct cli_command *command;
	struct su_arena *arena;
	size_t n_given, n_arguments;
	struct cli_given given[CLI_MAX_GIVEN];
	const char *arguments[CLI_MAX_GIVEN];
	int exit_status; /* of a command that ran, and found something wrong without an error */
};

/* The last value given for an option; NULL when it was not given. A flag's value is "". */
const char *cli_value(const struct cli *cli, const char *option);
bool cli_flag(const struct cli *cli, const char *option);
/* The nth (from 0) value of an option that may be repeated; NULL beyond the last. */
const char *cli_nth(const struct cli *cli, const char *option, size_t n);
/* SU_INVALID "--key is required" when it was not given. */
enum su_status cli_require(const struct cli *cli, const char *option, const char **value_out,
	struct su_error *err) SU_MUST_CHECK;

/* Finds the command, parses, runs; prints errors and help. Returns the exit status: 0 fine, 1 the
 * command failed, 2 it was called wrongly. */
int cli_main(const char *program, const struct cli_command *const *commands, int argc, char **argv);
/* The same for a program that has no command words: argv[1] is its first option. */
int cli_single(const char *program, const struct cli_command *command, int argc, char **argv);
