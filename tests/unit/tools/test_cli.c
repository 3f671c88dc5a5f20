/* SPDX-License-Identifier: Apache-2.0 */
/* Finding commands, options in every spelling, and what is refused. */
#include "tools/cli.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ARGS(...)  ((char *[]){ "prog", __VA_ARGS__, NULL })
#define COUNT(...) ((int)(sizeof((char *[]){ "prog", __VA_ARGS__ }) / sizeof(char *)))
#define CALL(...)  cli_main("prog", commands, COUNT(__VA_ARGS__), ARGS(__VA_ARGS__))

/* What the command saw, written down for the test. */
static char seen[256];

static enum su_status note(struct cli *cli, struct su_error *err)
{
	const char *key = cli_value(cli, "key"), *second = cli_nth(cli, "key", 1);
	if (cli_flag(cli, "broken"))
		return su_fail(err, SU_IO, "", "it broke");
	snprintf(seen, sizeof(seen), "%s key=%s second=%s n=%zu first=%s", cli->command->words,
		key != NULL ? key : "-", second != NULL ? second : "-", cli->n_arguments,
		cli->n_arguments > 0 ? cli->arguments[0] : "-");
	return SU_OK;
}

static const struct cli_command show = {
	.words = "thing show",
	.arguments = "FILE",
	.summary = "shows",
	.min_arguments = 1,
	.max_arguments = 2,
	.options = { { "key", "FILE", "" }, { "out", "FILE", "" }, { "broken", NULL, "" },
		{ NULL, NULL, NULL } },
	.run = note,
};
static const struct cli_command other = {
	.words = "thing",
	.arguments = "",
	.summary = "shorter words come after longer ones",
	.options = { { NULL, NULL, NULL } },
	.run = note,
};
static const struct cli_command *const commands[] = { &show, &other, NULL };

static int clear(void **state)
{
	(void)state;
	seen[0] = '\0';
	return 0;
}

static void test_words_and_options(void **state)
{
	(void)state;
	assert_int_equal(CALL("thing", "show", "--key", "a", "f"), 0);
	assert_string_equal(seen, "thing show key=a second=- n=1 first=f");
	assert_int_equal(CALL("thing", "show", "f", "--key=a", "--key=b"), 0);
	assert_string_equal(seen, "thing show key=b second=b n=1 first=f");
	assert_int_equal(CALL("thing"), 0);
	assert_string_equal(seen, "thing key=- second=- n=0 first=-");
}

static void test_double_dash_and_single_dash(void **state)
{
	(void)state;
	assert_int_equal(CALL("thing", "show", "--", "--key"), 0);
	assert_string_equal(seen, "thing show key=- second=- n=1 first=--key");
	assert_int_equal(CALL("thing", "show", "-"), 0);
	assert_string_equal(seen, "thing show key=- second=- n=1 first=-");
}

static void test_wrong_calls(void **state)
{
	(void)state;
	assert_int_equal(CALL("nothing"), 2);
	assert_int_equal(CALL("thing", "show"), 2);
	assert_int_equal(CALL("thing", "show", "a", "b", "c"), 2);
	assert_int_equal(CALL("thing", "show", "a", "--unknown"), 2);
	assert_int_equal(CALL("thing", "show", "a", "--key"), 2);
	assert_int_equal(CALL("thing", "show", "a", "--broken=yes"), 2);
	assert_string_equal(seen, "");
}

static void test_failure_and_help(void **state)
{
	(void)state;
	assert_int_equal(CALL("thing", "show", "a", "--broken"), 1);
	assert_int_equal(CALL("thing", "show", "--help"), 0);
	assert_int_equal(CALL("--help"), 0);
	assert_int_equal(CALL("--version"), 0);
	assert_string_equal(seen, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_words_and_options, clear),
		cmocka_unit_test_setup(test_double_dash_and_single_dash, clear),
		cmocka_unit_test_setup(test_wrong_calls, clear),
		cmocka_unit_test_setup(test_failure_and_help, clear),
	};
	return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}
