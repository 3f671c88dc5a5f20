/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of the program, each a few lines over the modules that do the work. */
#include "daemon/commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/span.h"
#include "daemon/compose.h"
#include "daemon/config.h"
#include "daemon/token_command.h"

static enum su_status load_config(
	const struct command_line *line, struct config **out, struct su_error *err)
{
	enum su_status status = config_load(line->config_path, out, err);
	if (status == SU_NOT_FOUND && line->config_is_default)
		return config_parse("defaults", "", out, err);
	return status;
}

static enum su_status print(const char *text, struct su_error *err)
{
	if (fputs(text, stdout) < 0 || fflush(stdout) != 0)
		return su_fail(err, SU_IO, "", "standard output: %s", strerror(errno));
	return SU_OK;
}

static enum su_status print_config(const struct config *config, struct su_error *err)
{
	struct su_buf text su_auto(su_buf_free) = { 0 };
	config_print(config, &text);
	return print(su_buf_str(&text), err);
}

static enum su_status create_token(
	const struct command_line *line, const struct config *config, struct su_error *err)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	const char *secret;
	SU_TRY(token_command_create(config, line, arena, &secret, err));
	return print(su_arena_printf(arena, "%s\n", secret), err);
}

static enum su_status execute_with_config(const struct command_line *line, struct su_error *err)
{
	struct config *config su_auto(config_free) = NULL;
	SU_TRY(load_config(line, &config, err));
	if (line->command == COMMAND_PRINT_CONFIG)
		return print_config(config, err);
	if (line->command == COMMAND_CHECK_CONFIG)
		return print("the configuration is good\n", err);
	if (line->command == COMMAND_CREATE_TOKEN)
		return create_token(line, config, err);
	if (line->command == COMMAND_RUN)
		return compose_run(config, line->config_path, err);
	return SU_OK;
}

enum su_status commands_execute(const struct command_line *line, struct su_error *err)
{
	if (line->command == COMMAND_HELP)
		return print(command_line_help, err);
	if (line->command == COMMAND_VERSION)
		return print("suitd " SUITD_VERSION "\n", err);
	return execute_with_config(line, err);
}
