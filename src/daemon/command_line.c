/* SPDX-License-Identifier: Apache-2.0 */
/* The options of the program itself; everything else is in the configuration file. */
#include "daemon/command_line.h"

#include <getopt.h>
#include <stddef.h>

#include "base/clock.h"

#define DEFAULT_CONFIG "/etc/suitd/suitd.conf"

const char command_line_help[] =
	"Usage: suitd [--config FILE] [COMMAND]\n"
	"\n"
	"Runs the SUIT firmware server and status tracker, or does one of these instead:\n"
	"  --check-config            read the configuration, say whether it is good\n"
	"  --print-config            print it with every option explained\n"
	"  --create-token NAME       make a bearer token of the management interface and print it\n"
	"      --role ROLE           author, operator, network_operator, trust_authority, viewer\n"
	"                            or administrator\n"
	"      --expires DURATION    ISO 8601, e.g. P30D; without it the token does not expire\n"
	"  --version\n"
	"  --help\n"
	"\n"
	"  --config FILE             default " DEFAULT_CONFIG "\n";

enum option_code {
	OPTION_CONFIG = 256,
	OPTION_CHECK_CONFIG,
	OPTION_PRINT_CONFIG,
	OPTION_CREATE_TOKEN,
	OPTION_ROLE,
	OPTION_EXPIRES,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option options[] = {
	{ "config", required_argument, NULL, OPTION_CONFIG },
	{ "check-config", no_argument, NULL, OPTION_CHECK_CONFIG },
	{ "print-config", no_argument, NULL, OPTION_PRINT_CONFIG },
	{ "create-token", required_argument, NULL, OPTION_CREATE_TOKEN },
	{ "role", required_argument, NULL, OPTION_ROLE },
	{ "expires", required_argument, NULL, OPTION_EXPIRES },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ NULL, 0, NULL, 0 },
};

struct given {
	const char *role, *expires;
	unsigned n_commands;
};

static void take_command(struct command_line *line, struct given *given, enum command command)
{
	line->command = command;
	given->n_commands++;
}

static enum su_status take_option(
	int code, struct command_line *line, struct given *given, struct su_error *err)
{
	switch (code) {
	case OPTION_CONFIG:
		line->config_path = optarg;
		line->config_is_default = false;
		return SU_OK;
	case OPTION_CHECK_CONFIG:
		take_command(line, given, COMMAND_CHECK_CONFIG);
		return SU_OK;
	case OPTION_PRINT_CONFIG:
		take_command(line, given, COMMAND_PRINT_CONFIG);
		return SU_OK;
	case OPTION_CREATE_TOKEN:
		line->token_name = optarg;
		take_command(line, given, COMMAND_CREATE_TOKEN);
		return SU_OK;
	case OPTION_ROLE:
		given->role = optarg;
		return SU_OK;
	case OPTION_EXPIRES:
		given->expires = optarg;
		return SU_OK;
	case OPTION_HELP:
		take_command(line, given, COMMAND_HELP);
		return SU_OK;
	case OPTION_VERSION:
		take_command(line, given, COMMAND_VERSION);
		return SU_OK;
	default:
		return su_fail(err, SU_INVALID, "",
			"unknown option, or one without its value; see suitd --help");
	}
}

static enum su_status take_token(
	struct command_line *line, const struct given *given, struct su_error *err)
{
	if (line->command != COMMAND_CREATE_TOKEN) {
		if (given->role || given->expires)
			return su_fail(err, SU_INVALID, "",
				"--role and --expires belong to --create-token");
		return SU_OK;
	}
	if (!given->role)
		return su_fail(err, SU_INVALID, "", "--create-token needs --role");
	int role;
	SU_TRY(name_parse(role_names, "--role", given->role, &role, err));
	line->token_role = (enum role)role;
	if (!given->expires)
		return SU_OK;
	SU_TRY(su_duration_parse(given->expires, &line->token_lifetime_ms, err));
	if (line->token_lifetime_ms <= 0)
		return su_fail(err, SU_INVALID, "", "--expires must be longer than nothing");
	return SU_OK;
}

enum su_status command_line_parse(
	int argc, char **argv, struct command_line *out, struct su_error *err)
{
	*out = (struct command_line){ .config_path = DEFAULT_CONFIG, .config_is_default = true };
	struct given given = { 0 };
	opterr = 0;
	optind = 0; /* glibc: start over, also in a process that parsed before */
	int code;
	while ((code = getopt_long(argc, argv, "", options, NULL)) != -1)
		SU_TRY(take_option(code, out, &given, err));
	if (optind < argc)
		return su_fail(err, SU_INVALID, "", "unexpected argument \"%.60s\"", argv[optind]);
	if (given.n_commands > 1)
		return su_fail(err, SU_INVALID, "", "only one command at a time");
	return take_token(out, &given, err);
}
