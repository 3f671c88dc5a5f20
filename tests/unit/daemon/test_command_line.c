/* SPDX-License-Identifier: Apache-2.0 */
/* The program's own options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/command_line.h"

#define MAX_ARGS 8

static enum su_status parse(const char *const *args, struct command_line *out, struct su_error *err)
{
	static char name[] = "suitd";
	char texts[MAX_ARGS][64];
	char *argv[MAX_ARGS + 2] = { name };
	int argc = 1;
	for (; *args; args++, argc++) {
		strncpy(texts[argc - 1], *args, sizeof(texts[0]) - 1);
		texts[argc - 1][sizeof(texts[0]) - 1] = '\0';
		argv[argc] = texts[argc - 1];
	}
	return command_line_parse(argc, argv, out, err);
}

#define PARSE(out, err, ...) parse((const char *const[]){ __VA_ARGS__, NULL }, out, err)

static void test_runs_when_nothing_is_asked(void **state)
{
	(void)state;
	struct command_line line;
	struct su_error err = { 0 };
	assert_int_equal(parse((const char *const[]){ NULL }, &line, &err), SU_OK);
	assert_int_equal(line.command, COMMAND_RUN);
	assert_string_equal(line.config_path, "/etc/suitd/suitd.conf");
	assert_true(line.config_is_default);
}

static void test_takes_commands(void **state)
{
	(void)state;
	struct command_line line;
	struct su_error err = { 0 };
	assert_int_equal(PARSE(&line, &err, "--check-config"), SU_OK);
	assert_int_equal(line.command, COMMAND_CHECK_CONFIG);
	assert_int_equal(PARSE(&line, &err, "--print-config", "--config=x"), SU_OK);
	assert_int_equal(line.command, COMMAND_PRINT_CONFIG);
	assert_false(line.config_is_default);
	assert_int_equal(PARSE(&line, &err, "--version"), SU_OK);
	assert_int_equal(line.command, COMMAND_VERSION);
	assert_int_equal(PARSE(&line, &err, "--help"), SU_OK);
	assert_int_equal(line.command, COMMAND_HELP);
}

static void test_takes_a_token(void **state)
{
	(void)state;
	struct command_line line;
	struct su_error err = { 0 };
	assert_int_equal(
		PARSE(&line, &err, "--create-token", "ci", "--role", "author", "--expires", "P30D"),
		SU_OK);
	assert_int_equal(line.command, COMMAND_CREATE_TOKEN);
	assert_int_equal(line.token_role, ROLE_AUTHOR);
	assert_int_equal(line.token_lifetime_ms, 30LL * 86400 * 1000);
}

static void test_refuses_what_makes_no_sense(void **state)
{
	(void)state;
	struct command_line line;
	struct su_error err = { 0 };
	assert_int_equal(PARSE(&line, &err, "--nonsense"), SU_INVALID);
	assert_int_equal(PARSE(&line, &err, "stray"), SU_INVALID);
	assert_non_null(strstr(err.text, "stray"));
	assert_int_equal(PARSE(&line, &err, "--config"), SU_INVALID);
	assert_int_equal(PARSE(&line, &err, "--create-token", "ci"), SU_INVALID);
	assert_non_null(strstr(err.text, "--role"));
	assert_int_equal(PARSE(&line, &err, "--create-token", "ci", "--role", "king"), SU_INVALID);
	assert_non_null(strstr(err.text, "administrator"));
	assert_int_equal(PARSE(&line, &err, "--role", "author"), SU_INVALID);
	assert_int_equal(PARSE(&line, &err, "--version", "--check-config"), SU_INVALID);
	assert_int_equal(
		PARSE(&line, &err, "--create-token", "ci", "--role", "author", "--expires", "soon"),
		SU_INVALID);
	assert_int_equal(
		PARSE(&line, &err, "--create-token", "ci", "--role", "author", "--expires", "PT0S"),
		SU_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs_when_nothing_is_asked),
		cmocka_unit_test(test_takes_commands),
		cmocka_unit_test(test_takes_a_token),
		cmocka_unit_test(test_refuses_what_makes_no_sense),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
