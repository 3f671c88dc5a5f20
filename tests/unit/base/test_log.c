/* SPDX-License-Identifier: Apache-2.0 */
/* The line on stderr: its form, its escapes, and what is left out. */
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define END ((struct su_log_field){ .key = NULL })

static void assert_line(const char *message, const struct su_log_field *fields, const char *wanted)
{
	struct su_buf line = { 0 };
	su_log_format(&line, 0, SU_LOG_INFO, message, fields);
	assert_string_equal(su_buf_str(&line), wanted);
	su_buf_free(&line);
}

static void assert_value(const char *value, const char *wanted)
{
	char expected[200];
	snprintf(expected, sizeof(expected), "time=1970-01-01T00:00:00Z level=info msg=m v=%s",
		wanted);
	assert_line("m", (struct su_log_field[]){ SU_STR("v", value), END }, expected);
}

static void test_fields_in_order(void **state)
{
	(void)state;
	assert_line("image stored",
		(struct su_log_field[]){ SU_STR("digest", "sha256:00"), SU_INT("bytes", -5),
			SU_STR("absent", NULL), SU_INT("largest", INT64_MAX), END },
		"time=1970-01-01T00:00:00Z level=info msg=\"image stored\" digest=sha256:00 "
		"bytes=-5 largest=9223372036854775807");
	assert_line(
		"x", (struct su_log_field[]){ END }, "time=1970-01-01T00:00:00Z level=info msg=x");
}

static void test_values_are_quoted_and_escaped(void **state)
{
	(void)state;
	assert_value("plain-1:/%", "plain-1:/%");
	assert_value("", "\"\"");
	assert_value("two words", "\"two words\"");
	assert_value("a=b", "\"a=b\"");
	assert_value("say \"hi\"\\", "\"say \\\"hi\\\"\\\\\"");
	assert_value("h\u00e9", "\"h\u00e9\"");
}

static void test_values_cannot_forge_lines_or_terminals(void **state)
{
	(void)state;
	assert_value("x\nlevel=error", "\"x\\nlevel=error\"");
	assert_value("\t\r", "\"\\t\\x0d\"");
	assert_value("\x1b[31m\x7f", "\"\\x1b[31m\\x7f\"");
	assert_value("\xc2\x9b", "\"\\xc2\\x9b\"");          /* CSI as one character */
	assert_value("\xe2\x80\xae", "\"\\xe2\\x80\\xae\""); /* right-to-left override */
	assert_value("\xff\xc3", "\"\\xff\\xc3\"");          /* not UTF-8 */
}

/* Runs action with stderr in a pipe; returns what came, as text. */
static char *captured(void (*action)(void), char *out, size_t size)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	int saved = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
	action();
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(ends[1]);
	ssize_t len = read(ends[0], out, size - 1);
	close(ends[0]);
	out[len > 0 ? len : 0] = '\0';
	return out;
}

static void log_all_levels(void)
{
	su_log(SU_LOG_ERROR, "broken", SU_INT("n", 1));
	su_log(SU_LOG_WARNING, "odd", SU_STR("why", "no reason"));
	su_log(SU_LOG_INFO, "fine");
	su_log(SU_LOG_DEBUG, "detail");
}

static size_t count_lines(const char *text)
{
	size_t lines = 0;
	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

static void test_levels_filter(void **state)
{
	char text[2000];
	(void)state;
	assert_int_equal(count_lines(captured(log_all_levels, text, sizeof(text))), 3);
	assert_non_null(strstr(text, " level=error msg=broken n=1\n"));
	assert_non_null(strstr(text, " level=warning msg=odd why=\"no reason\"\n"));
	assert_non_null(strstr(text, " level=info msg=fine\n"));
	su_log_set_level(SU_LOG_ERROR);
	assert_int_equal(count_lines(captured(log_all_levels, text, sizeof(text))), 1);
	su_log_set_level(SU_LOG_DEBUG);
	assert_int_equal(count_lines(captured(log_all_levels, text, sizeof(text))), 4);
	assert_non_null(strstr(text, " level=debug msg=detail\n"));
	su_log_set_level(SU_LOG_INFO);
}

int main(void)
{
	/* A stream that is not ours: the log must stay on stderr. */
	setenv("JOURNAL_STREAM", "0:0", 1);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields_in_order),
		cmocka_unit_test(test_values_are_quoted_and_escaped),
		cmocka_unit_test(test_values_cannot_forge_lines_or_terminals),
		cmocka_unit_test(test_levels_filter),
	};
	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
