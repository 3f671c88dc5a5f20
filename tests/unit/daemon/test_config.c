/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration file: what is taken, what is refused and with which words, and what is printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/span.h"
#include "daemon/config.h"
#include "daemon/config_schema.h"

static struct config *parse(const char *text)
{
	struct config *config = NULL;
	struct su_error err = { 0 };
	if (config_parse("test", text, &config, &err) != SU_OK)
		fail_msg("%s: %s", err.field, err.text);
	return config;
}

static void test_takes_defaults(void **state)
{
	(void)state;
	struct config *config su_auto(config_free) = parse("");
	assert_string_equal(config->database.conninfo, "dbname=suitd");
	assert_string_equal(config->storage.directory, "/var/lib/suitd");
	assert_int_equal(config->http.listen.n, 2);
	assert_string_equal(config->http.listen.items[1], "[::1]:8080");
	assert_null(config->http.certificate);
	assert_int_equal(config->http.max_body_bytes, 1024 * 1024);
	assert_int_equal(config->http.idle_timeout_ms, 60000);
	assert_false(config->device.require_known);
	assert_int_equal(config->firmware.public_names.n, 0);
	assert_int_equal(config->log.level, SU_LOG_INFO);
}

static void test_takes_values_of_every_type(void **state)
{
	(void)state;
	struct config *config su_auto(config_free) = parse("; a comment\n"
							   "[database]\n"
							   "conninfo = host=/run/pg dbname=x\n"
							   "[http]\n"
							   "  listen = [::]:80   127.0.0.1:81\n"
							   "  max_image = 3 GiB\n"
							   "idle_timeout = PT5M\n"
							   "[device]\n"
							   "require_known = yes\n"
							   "[limits]\n"
							   "workers=7\n"
							   "[log]\n"
							   "level = debug\n");
	assert_string_equal(config->database.conninfo, "host=/run/pg dbname=x");
	assert_int_equal(config->http.listen.n, 2);
	assert_string_equal(config->http.listen.items[0], "[::]:80");
	assert_int_equal(config->http.max_image_bytes, 3LL * 1024 * 1024 * 1024);
	assert_int_equal(config->http.idle_timeout_ms, 300000);
	assert_true(config->device.require_known);
	assert_int_equal(config->limits.workers, 7);
	assert_int_equal(config->log.level, SU_LOG_DEBUG);
}

static void test_takes_long_lines_whole(void **state)
{
	(void)state;
	struct su_buf text su_auto(su_buf_free) = { 0 };
	su_buf_printf(&text, "[firmware]\npublic_names =");
	for (int i = 0; i < 300; i++)
		su_buf_printf(&text, " host%d.example.com", i);
	struct config *config su_auto(config_free) = parse(su_buf_str(&text));
	assert_int_equal(config->firmware.public_names.n, 300);
	assert_string_equal(config->firmware.public_names.items[299], "host299.example.com");
}

static const struct refusal {
	const char *text, *field, *says;
} refusals[] = {
	{ "[nowhere]\nx = 1\n", "", "line 2: there is no section [nowhere]" },
	{ "x = 1\n", "", "line 1: there is no section []" },
	{ "[http]\nlisten =\nlisted = a\n", "http.listed", "line 3: there is no such option" },
	{ "[http]\nmax_body = 1KiB\nmax_body = 2KiB\n", "http.max_body", "line 3: is given twice" },
	{ "[http]\nlisten\n", "", "line 2: is neither a [section] nor" },
	{ "[http\nlisten=\n", "", "line 1: is neither a [section] nor" },
	{ "[limits]\nworkers = 0\n", "limits.workers", "must be from 1 to 64" },
	{ "[limits]\nworkers = -1\n", "limits.workers", "is not a number" },
	{ "[limits]\nworkers = 1x\n", "limits.workers", "is not a number" },
	{ "[limits]\nworkers = 99999999999999999999\n", "limits.workers", "is not a number" },
	{ "[http]\nmax_body = 1 MB\n", "http.max_body", "use bytes, KiB, MiB or GiB" },
	{ "[http]\nmax_body = 9223372036854775807 GiB\n", "http.max_body", "is too large" },
	{ "[http]\nidle_timeout = 30\n", "http.idle_timeout", "ISO 8601" },
	{ "[http]\nidle_timeout = PT0.1S\n", "http.idle_timeout", "" },
	{ "[http]\nidle_timeout = P2D\n", "http.idle_timeout", "must be from PT1S to P1D" },
	{ "[device]\nrequire_known = true\n", "device.require_known", "must be yes or no" },
	{ "[log]\nlevel = loud\n", "log.level", "error, warning, info, debug" },
	{ "[database]\nconninfo =\n", "database.conninfo", "must not be empty" },
	{ "[storage]\ndirectory = here\n", "storage.directory", "absolute" },
	{ "[http]\ncertificate = /x\n", "http.key", "both" },
	{ "[http]\nkey = /x\n", "http.certificate", "both" },
	{ "[http]\nlisten =\n[coap]\nlisten =\nlisten_secure =\n", "http.listen", "no listener" },
};

static void test_refuses_and_says_where(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct config *config = NULL;
		struct su_error err = { 0 };
		assert_int_equal(config_parse("test", refusals[i].text, &config, &err), SU_INVALID);
		assert_null(config);
		assert_string_equal(err.field, refusals[i].field);
		if (!strstr(err.text, refusals[i].says))
			fail_msg("\"%s\" does not say \"%s\"", err.text, refusals[i].says);
	}
}

static void test_refuses_an_endless_line(void **state)
{
	(void)state;
	struct su_buf text su_auto(su_buf_free) = { 0 };
	su_buf_printf(&text, "[database]\nconninfo = ");
	for (int i = 0; i < 10000; i++)
		su_buf_append_byte(&text, 'x');
	struct config *config = NULL;
	struct su_error err = { 0 };
	assert_int_equal(config_parse("test", su_buf_str(&text), &config, &err), SU_INVALID);
	assert_non_null(strstr(err.text, "line 2: is too long"));
}

static void test_prints_what_it_reads_back(void **state)
{
	(void)state;
	struct config *config su_auto(config_free) =
		parse("[http]\nlisten = a:1 b:2\nmax_body = 3 KiB\nidle_timeout = PT90S\n"
		      "[manifest]\nallow_untagged = yes\nmax_envelope = 1025\n");
	struct su_buf first su_auto(su_buf_free) = { 0 };
	struct su_buf second su_auto(su_buf_free) = { 0 };
	config_print(config, &first);
	assert_non_null(strstr(su_buf_str(&first), "\nlisten = a:1 b:2\n"));
	assert_non_null(strstr(su_buf_str(&first), "\nmax_envelope = 1025\n"));
	struct config *again su_auto(config_free) = parse(su_buf_str(&first));
	config_print(again, &second);
	assert_string_equal(su_buf_str(&first), su_buf_str(&second));
}

struct differences {
	unsigned n;
	char last[64];
	bool may_reload;
};

static void on_difference(void *arg, const char *option, bool may_reload)
{
	struct differences *seen = arg;
	seen->n++;
	seen->may_reload = may_reload;
	snprintf(seen->last, sizeof(seen->last), "%s", option);
}

static void test_finds_differences(void **state)
{
	(void)state;
	struct config *a su_auto(config_free) = parse("[limits]\nworkers = 4\n");
	struct config *b su_auto(config_free) = parse("[limits]\nworkers = 5\n");
	struct config *c su_auto(config_free) = parse("[log]\nlevel = error\n");
	struct differences seen = { 0 };
	config_compare(a, a, on_difference, &seen);
	assert_int_equal(seen.n, 0);
	config_compare(a, b, on_difference, &seen);
	assert_int_equal(seen.n, 1);
	assert_string_equal(seen.last, "limits.workers");
	assert_false(seen.may_reload);
	config_compare(a, c, on_difference, &seen);
	assert_int_equal(seen.n, 2);
	assert_string_equal(seen.last, "log.level");
	assert_true(seen.may_reload);
}

static void test_says_when_a_file_is_missing(void **state)
{
	(void)state;
	struct config *config = NULL;
	struct su_error err = { 0 };
	assert_int_equal(config_load("/nonexistent/suitd.conf", &config, &err), SU_NOT_FOUND);
	assert_non_null(strstr(err.text, "/nonexistent/suitd.conf"));
	assert_int_not_equal(config_load("/", &config, &err), SU_OK);
	assert_null(config);
}

static void test_explains_every_option(void **state)
{
	(void)state;
	bool known;
	for (size_t i = 0; i < config_schema_len; i++) {
		const struct config_option *option = &config_schema[i];
		assert_non_null(option->fallback);
		assert_true(strlen(option->help) > 10);
		assert_ptr_equal(config_schema_find(option->section, option->key, &known), option);
	}
	assert_null(config_schema_find("log", "listen", &known));
	assert_true(known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_takes_defaults),
		cmocka_unit_test(test_takes_values_of_every_type),
		cmocka_unit_test(test_takes_long_lines_whole),
		cmocka_unit_test(test_refuses_and_says_where),
		cmocka_unit_test(test_refuses_an_endless_line),
		cmocka_unit_test(test_prints_what_it_reads_back),
		cmocka_unit_test(test_finds_differences),
		cmocka_unit_test(test_says_when_a_file_is_missing),
		cmocka_unit_test(test_explains_every_option),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
