/* SPDX-License-Identifier: Apache-2.0 */
/* Holds the tables of keys and words against api/device.cddl, both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/deployment.h"
#include "model/device.h"
#include "model/device_keys.h"

static char *read_cddl(void)
{
	const char *root = getenv("srcdir");
	char *path su_auto(su_free_ptr) = su_printf("%s/api/device.cddl", root ? root : ".");
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	char *text = su_new_bytes(65536);
	size_t len = fread(text, 1, 65535, file);
	assert_true(len > 0 && len < 65535);
	fclose(file);
	return text;
}

/* The lines between "<rule> = <open>" and a line that begins with close. */
static char *rule_body(const char *cddl, const char *rule, const char *open, const char *close)
{
	char *head su_auto(su_free_ptr) = su_printf("\n%s = %s", rule, open);
	const char *start = strstr(cddl, head);
	assert_non_null(start);
	start = strchr(start + 1, '\n');
	char *tail su_auto(su_free_ptr) = su_printf("\n%s", close);
	const char *end = strstr(start, tail);
	assert_non_null(end);
	return su_printf("%.*s\n", (int)(end - start), start);
}

/* One row: "? 3 => uuid,   ; word: more". Returns false at the end of the rule. */
static bool next_row(char **cursor, int *key_out, char word_out[64])
{
	char *arrow = strstr(*cursor, " => ");
	if (!arrow)
		return false;
	char *digits = arrow;
	while (digits[-1] >= '0' && digits[-1] <= '9')
		digits--;
	*key_out = atoi(digits);
	char *comment = strchr(arrow, ';');
	assert_non_null(comment);
	assert_int_equal(sscanf(comment, "; %63[a-z_]", word_out), 1);
	*cursor = comment;
	return true;
}

static void check_rule(const char *cddl, const char *rule, const struct name_row *table)
{
	char *body su_auto(su_free_ptr) = rule_body(cddl, rule, "{", "}");
	char *cursor = body;
	char word[64];
	int key;
	size_t rows = 0;
	for (; next_row(&cursor, &key, word); rows++) {
		assert_non_null(name_of(table, key));
		assert_string_equal(name_of(table, key), word);
	}
	size_t expected = 0;
	while (table[expected].name)
		expected++;
	assert_int_equal(rows, expected);
}

static void test_keys_match_cddl(void **state)
{
	(void)state;
	char *cddl su_auto(su_free_ptr) = read_cddl();
	check_rule(cddl, "registration", registration_keys);
	check_rule(cddl, "status-message", status_message_keys);
	check_rule(cddl, "characteristics", characteristics_keys);
	check_rule(cddl, "installed", installed_keys);
	check_rule(cddl, "command", command_keys);
	check_rule(cddl, "profile", profile_keys);
	check_rule(cddl, "calendar", calendar_keys);
	check_rule(cddl, "window", window_keys);
	check_rule(cddl, "answer", answer_keys);
}

static size_t count_choices(const char *body)
{
	size_t choices = 0;
	for (const char *at = strchr(body, ':'); at; at = strchr(at + 1, ':'))
		choices++;
	return choices;
}

static void test_states_match_cddl(void **state)
{
	(void)state;
	char *cddl su_auto(su_free_ptr) = read_cddl();
	char *body su_auto(su_free_ptr) = rule_body(cddl, "deployment-state", "&(", ")");
	size_t rows = 0;
	for (const struct name_row *row = reported_state_names; row->name; row++, rows++) {
		char *choice su_auto(su_free_ptr) = su_printf("%s: %d,", row->name, row->value);
		assert_non_null(strstr(body, choice));
		assert_string_equal(name_of(deployment_state_names, row->value), row->name);
	}
	assert_int_equal(count_choices(body), rows);
}

static void test_envelope_form_matches_cddl(void **state)
{
	(void)state;
	char *cddl su_auto(su_free_ptr) = read_cddl();
	char *rule su_auto(su_free_ptr) = su_printf("\nenvelope-form = &( %s: %d, %s: %d )\n",
		name_of(envelope_form_names, ENVELOPE_FULL), ENVELOPE_FULL,
		name_of(envelope_form_names, ENVELOPE_SEVERED), ENVELOPE_SEVERED);
	assert_non_null(strstr(cddl, rule));
}

static void test_bounds_match_cddl(void **state)
{
	(void)state;
	char *cddl su_auto(su_free_ptr) = read_cddl();
	char *lifetime su_auto(su_free_ptr) = su_printf("lifetime, seconds, %d to %d; default %d",
		MESSAGE_LIFETIME_MIN_S, MESSAGE_LIFETIME_MAX_S, DEVICE_DEFAULT_LIFETIME_S);
	char *text su_auto(su_free_ptr) =
		su_printf("short-text = tstr .size (1..%d)", MESSAGE_SHORT_TEXT_MAX_BYTES);
	char *reason su_auto(su_free_ptr) =
		su_printf("tstr .size (1..%d),", MESSAGE_REASON_MAX_BYTES);
	char *components su_auto(su_free_ptr) =
		su_printf("[0*%d installed]", DEVICE_MAX_COMPONENTS);
	char *ids su_auto(su_free_ptr) = su_printf("[1*%d uuid]", DEVICE_MAX_IDS);
	assert_non_null(strstr(cddl, lifetime));
	assert_non_null(strstr(cddl, text));
	assert_non_null(strstr(cddl, reason));
	assert_non_null(strstr(cddl, components));
	assert_non_null(strstr(cddl, ids));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys_match_cddl),
		cmocka_unit_test(test_states_match_cddl),
		cmocka_unit_test(test_envelope_form_matches_cddl),
		cmocka_unit_test(test_bounds_match_cddl),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
