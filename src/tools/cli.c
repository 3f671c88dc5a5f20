/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a command by its words, parsing its options, and printing help. */
#include "tools/cli.h"

#include <stdio.h>
#include <string.h>

static const char *const program_options =
	"Options of all commands that speak to a server:\n"
	"  --server URL         the server, else $SUITD_HTTP\n"
	"  --token-file FILE    holds the bearer token, else $SUITD_TOKEN\n";

/* How many words of the command stand at the start of argv; 0 when they do not match. */
static int match_words(const char *words, int argc, char **argv)
{
	int matched = 0;
	while (*words != '\0') {
		size_t len = strcspn(words, " ");
		if (matched == argc || strlen(argv[matched]) != len ||
			strncmp(argv[matched], words, len) != 0)
			return 0;
		matched++;
		words += len;
		words += strspn(words, " ");
	}
	return matched;
}

static const struct cli_command *find_command(
	const struct cli_command *const *commands, int argc, char **argv, int *words_out)
{
	for (; *commands != NULL; commands++) {
		*words_out = match_words((*commands)->words, argc, argv);
		if (*words_out > 0)
			return *commands;
	}
	return NULL;
}

static void print_commands(
	FILE *out, const char *program, const struct cli_command *const *commands)
{
	fprintf(out, "Usage: %s COMMAND [OPTIONS] [ARGUMENTS]\n\nCommands:\n", program);
	for (; *commands != NULL; commands++)
		fprintf(out, "  %-22s %s\n", (*commands)->words, (*commands)->summary);
	fprintf(out, "\n%s\n'%s COMMAND --help' explains one command.\n", program_options, program);
}

static void print_help(FILE *out, const char *program, const struct cli_command *command)
{
	fprintf(out, "Usage: %s %s [OPTIONS] %s\n\n%s\n", program, command->words,
		command->arguments, command->summary);
	for (const struct cli_option *option = command->options; option->name != NULL; option++) {
		char left[48];
		snprintf(left, sizeof(left), "--%s %s", option->name,
			option->value != NULL ? option->value : "");
		fprintf(out, "  %-24s %s\n", left, option->help);
	}
}

/* Options that every command accepts. */
static const struct cli_option common_options[] = {
	{ "server", "URL", "" },
	{ "token-file", "FILE", "" },
	{ NULL, NULL, NULL },
};

static const struct cli_option *find_option(
	const struct cli_option *options, const char *name, size_t len)
{
	for (; options->name != NULL; options++)
		if (strlen(options->name) == len && strncmp(options->name, name, len) == 0)
			return options;
	return NULL;
}

/* Takes "--name value", "--name=value" or a flag at argv[*i]. */
static enum su_status take_option(
	struct cli *cli, int argc, char **argv, int *i, struct su_error *err)
{
	const char *name = argv[*i][1] == '-' ? argv[*i] + 2 : argv[*i] + 1;
	size_t len = strcspn(name, "=");
	const struct cli_option *option = find_option(cli->command->options, name, len);
	if (option == NULL)
		option = find_option(common_options, name, len);
	/* "-o FILE" is what everybody types for "--out FILE". */
	if (option == NULL && len == 1 && *name == 'o')
		option = find_option(cli->command->options, "out", 3);
	if (option == NULL)
		return su_fail(err, SU_INVALID, "", "unknown option %s", argv[*i]);
	const char *value = name[len] == '=' ? name + len + 1 : NULL;
	if (option->value == NULL && value != NULL)
		return su_fail(err, SU_INVALID, "", "--%s takes no value", option->name);
	if (option->value != NULL && value == NULL) {
		if (*i + 1 == argc)
			return su_fail(
				err, SU_INVALID, "", "--%s needs %s", option->name, option->value);
		value = argv[++*i];
	}
	if (cli->n_given == CLI_MAX_GIVEN)
		return su_fail(err, SU_INVALID, "", "too many options");
	cli->given[cli->n_given++] = (struct cli_given){ option, value != NULL ? value : "" };
	return SU_OK;
}

static enum su_status parse(struct cli *cli, int argc, char **argv, struct su_error *err)
{
	bool options_end = false;
	for (int i = 0; i < argc; i++) {
		if (!options_end && strcmp(argv[i], "--") == 0) {
			options_end = true;
		} else if (!options_end && argv[i][0] == '-' && argv[i][1] != '\0') {
			SU_TRY(take_option(cli, argc, argv, &i, err));
		} else {
			if (cli->n_arguments == CLI_MAX_GIVEN)
				return su_fail(err, SU_INVALID, "", "too many arguments");
			cli->arguments[cli->n_arguments++] = argv[i];
		}
	}
	const struct cli_command *command = cli->command;
	if (cli->n_arguments < command->min_arguments)
		return su_fail(err, SU_INVALID, "", "missing argument: %s", command->arguments);
	if (cli->n_arguments > command->max_arguments)
		return su_fail(err, SU_INVALID, "", "unexpected argument '%s'",
			cli->arguments[command->max_arguments]);
	return SU_OK;
}

const char *cli_nth(const struct cli *cli, const char *option, size_t n)
{
	for (size_t i = 0; i < cli->n_given; i++)
		if (strcmp(cli->given[i].option->name, option) == 0 && n-- == 0)
			return cli->given[i].value;
	return NULL;
}

const char *cli_value(const struct cli *cli, const char *option)
{
	const char *value = NULL;
	for (size_t i = 0; i < cli->n_given; i++)
		if (strcmp(cli->given[i].option->name, option) == 0)
			value = cli->given[i].value;
	return value;
}

bool cli_flag(const struct cli *cli, const char *option)
{
	return cli_value(cli, option) != NULL;
}

enum su_status cli_require(
	const struct cli *cli, const char *option, const char **value_out, struct su_error *err)
{
	*value_out = cli_value(cli, option);
	if (*value_out == NULL)
		return su_fail(err, SU_INVALID, "", "--%s is required", option);
	return SU_OK;
}

static bool wants_help(int argc, char **argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

static void print_error(const char *program, const struct su_error *err)
{
	if (err->field[0] != '\0')
		fprintf(stderr, "%s: %s: %s\n", program, err->field, err->text);
	else
		fprintf(stderr, "%s: %s\n", program, err->text);
}

static int run(const char *program, const struct cli_command *command, int argc, char **argv)
{
	struct cli cli = { .command = command };
	struct su_error err = { 0 };
	if (parse(&cli, argc, argv, &err) != SU_OK) {
		print_error(program, &err);
		fprintf(stderr, "'%s %s --help' shows how it is called.\n", program,
			command->words);
		return 2;
	}
	cli.arena = su_arena_new();
	if (command->run(&cli, &err) != SU_OK) {
		print_error(program, &err);
		cli.exit_status = 1;
	}
	su_arena_free(&cli.arena);
	return cli.exit_status;
}

int cli_single(const char *program, const struct cli_command *command, int argc, char **argv)
{
	if (wants_help(argc - 1, argv + 1)) {
		print_help(stdout, program, command);
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("%s %s\n", program, SUITD_VERSION);
		return 0;
	}
	return run(program, command, argc - 1, argv + 1);
}

int cli_main(const char *program, const struct cli_command *const *commands, int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
		strcmp(argv[1], "-h") == 0) {
		print_commands(argc < 2 ? stderr : stdout, program, commands);
		return argc < 2 ? 2 : 0;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("%s %s\n", program, SUITD_VERSION);
		return 0;
	}
	int words = 0;
	const struct cli_command *command = find_command(commands, argc - 1, argv + 1, &words);
	if (command == NULL) {
		fprintf(stderr, "%s: unknown command '%s'\n", program, argv[1]);
		print_commands(stderr, program, commands);
		return 2;
	}
	if (wants_help(argc - 1 - words, argv + 1 + words)) {
		print_help(stdout, program, command);
		return 0;
	}
	return run(program, command, argc - 1 - words, argv + 1 + words);
}
