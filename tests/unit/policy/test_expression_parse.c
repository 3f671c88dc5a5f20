/* SPDX-License-Identifier: Apache-2.0 */
/* What the parser refuses: where it says the fault is, and what it says would fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "policy/expression.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static int set_up(void **state)
{
	*state = su_arena_new();
	return 0;
}

static int tear_down(void **state)
{
	struct su_arena *arena = *state;
	su_arena_free(&arena);
	return 0;
}

struct refusal {
	const char *text;
	const char *field; /* with the column */
	const char *says;  /* part of the sentence */
};

static void assert_refused(
	struct su_arena *arena, enum expression_scope scope, const struct refusal *row)
{
	const struct expression *expression = NULL;
	struct su_error err = { 0 };
	enum su_status status =
		expression_parse(arena, "filter", row->text, scope, &expression, &err);
	if (status != SU_INVALID || strcmp(err.field, row->field) != 0 ||
		!strstr(err.text, row->says))
		fail_msg("%s: %d %s: %s", row->text, (int)status, err.field, err.text);
	assert_null(expression);
}

static const struct refusal malformed[] = {
	{ "", "filter:1", "found the end; a field or a value would fit" },
	{ "   ", "filter:4", "found the end" },
	{ "true &&", "filter:8", "found the end; a field or a value would fit" },
	{ "true true", "filter:6", "found true; an operator or the end would fit" },
	{ "(true", "filter:6", "found the end; ')' or an operator would fit" },
	{ "true)", "filter:5", "found ); an operator or the end" },
	{ "device.model = 'a'", "filter:14", "found '='; '==' compares" },
	{ "true & false", "filter:6", "'&&' combines" },
	{ "device.model == 'a", "filter:17", "no closing '" },
	{ "device.model == \"a'", "filter:17", "no closing \"" },
	{ "device.model == 'a\\n'", "filter:19", "after a backslash" },
	{ "device.model == 'a\\", "filter:19", "after a backslash" },
	{ "'a' == 'b' == 'c'", "filter:12", "&& or || would fit" },
	{ "1 in [1] in [1]", "filter:10", "&& or || would fit" },
	{ "device.model == #", "filter:17", "found '#'" },
	{ "'äöü' == ü", "filter:10", "found 'ü'" },
	{ "'äöü' == \x01", "filter:10", "cannot be shown" },
	{ "device. == 'a'", "filter:1", "found 'd'" },
	{ "1 == 99999999999999999999", "filter:6", "64 bits" },
	{ "1.0 == 1e999", "filter:8", "too large" },
	{ "1 == -'a'", "filter:7", "found 'a'; a number would fit" },
	{ "1 in []", "filter:7", "found ]; a field or a value" },
	{ "1 in [1,]", "filter:9", "a field or a value would fit" },
	{ "1 in [1 2]", "filter:9", "found 2; ',' or ']' would fit" },
	{ "'a' in [device.model]", "filter:9", "only values" },
	{ "has('a')", "filter:5", "found 'a'; a field would fit" },
	{ "has()", "filter:5", "a field would fit" },
	{ "has(1 == 1)", "filter:5", "a field would fit" },
	{ "size(device.model) == 1", "filter:1", "there is no function size" },
	{ "device.model.startsWith(device.site)", "filter:25", "a text in quotes would fit" },
	{ "now > timestamp('yesterday')", "filter:17", "not a time" },
	{ "now > timestamp('2026-02-30T00:00:00Z')", "filter:17", "not a time" },
	{ "installed.age > duration('4h')", "filter:26", "not a duration" },
	{ "installed.age > duration('P9999999D')", "filter:26", "longer than" },
	{ "\xff", "filter:1", "not UTF-8" },
	{ "true && '\xc3'", "filter:10", "not UTF-8" },
};

static void test_malformed(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(malformed); i++)
		assert_refused(*state, EXPRESSION_POLICY, &malformed[i]);
}

static const struct refusal mistyped[] = {
	{ "device.model", "filter:1", "found a text; a truth value" },
	{ "1", "filter:1", "found an integer; a truth value" },
	{ "!device.model", "filter:2", "found a text; a truth value" },
	{ "!'a' in ['a']", "filter:2", "found a text; a truth value" },
	{ "device.always_on && now", "filter:21", "found a time; a truth value" },
	{ "now || true", "filter:1", "found a time; a truth value" },
	{ "device.model == 7", "filter:17", "found an integer; a text would fit" },
	{ "device.battery_mwh > '7'", "filter:22", "found a text; an integer would fit" },
	{ "device.last_seen > duration('P1D')", "filter:20", "found a duration; a time would fit" },
	{ "now - device.last_seen > 30", "filter:26", "found an integer; a duration would fit" },
	{ "device.always_on < true", "filter:1", "truth values have no order" },
	{ "device.class_ids == 'a'", "filter:1", "lists can only stand to the right of 'in'" },
	{ "1 == [1]", "filter:6", "lists can only stand" },
	{ "'a' in 'b'", "filter:8", "found a text; a list" },
	{ "1 in device.class_ids", "filter:1", "found an integer; a text would fit" },
	{ "'a' in device.class_ids", "filter:1", "device.class_ids are UUIDs" },
	{ "device.class_ids in ['a']", "filter:1", "found a list of texts; one value would fit" },
	{ "device.model in [1, 2]", "filter:18", "found an integer; a text would fit" },
	{ "device.model in ['a', 2]", "filter:23", "found an integer; a text would fit" },
	{ "[true]", "filter:1", "found a list; a truth value" },
	{ "![true]", "filter:2", "found a list; a truth value" },
	{ "now + now > now", "filter:7", "found a time; a duration would fit" },
	{ "now - 5 > now", "filter:7", "found an integer; a time or a duration would fit" },
	{ "duration('P1D') - now > duration('P1D')", "filter:19", "found a time; a duration" },
	{ "device.battery_mwh + 1 > 2", "filter:1", "found an integer; a time or a duration" },
	{ "now.startsWith('a')", "filter:1", "found a time; a text would fit" },
	{ "device.class_ids.startsWith('a')", "filter:1", "found a list of texts; a text" },
	{ "release.labels.a == release.labels.b", "filter:21", "a label on both sides" },
	{ "release.labels.a > now", "filter:1", "found a label where a time" },
	{ "release.labels.a + duration('P1D') > now", "filter:1", "found a label; a time or" },
	{ "release.kind == 'securty'", "filter:17", "it can be 'unspecified', 'security'" },
	{ "'mqtt' == device.transport", "filter:1", "it can be 'coap', 'coaps', 'http', 'https'" },
	{ "device.mode in ['client', 'servant']", "filter:27", "'negotiated', 'server'" },
};

static void test_mistyped(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(mistyped); i++)
		assert_refused(*state, EXPRESSION_POLICY, &mistyped[i]);
}

static const struct refusal unknown[] = {
	{ "device.modle == 'a'", "filter:1", "did you mean device.model?" },
	{ "true && model == 'a'", "filter:9", "did you mean device.model?" },
	{ "devices.last_seen < now", "filter:1", "did you mean device.last_seen?" },
	{ "true == nwo", "filter:9", "did you mean now?" },
	{ "weather.rain == 1", "filter:1", "there is no field weather.rain; names begin with" },
	{ "release.labels.a.b == 'x'", "filter:1", "there is no field release.labels.a.b" },
	{ "has(device.colour)", "filter:5", "there is no field device.colour" },
	{ "device.colour.startsWith('a')", "filter:1", "there is no field device.colour;" },
};

static void test_unknown_fields(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
		assert_refused(*state, EXPRESSION_POLICY, &unknown[i]);
}

static const struct refusal out_of_scope[] = {
	{ "release.kind == 'security'", "filter:1", "release.kind is for policies only" },
	{ "true && release.labels.team == 'a'", "filter:9", "other fields of device.* would fit" },
	{ "has(installed.age)", "filter:5", "installed.age is for policies only" },
};

static void test_a_selector_asks_about_devices_alone(void **state)
{
	const struct expression *expression;
	for (size_t i = 0; i < ARRAY_LEN(out_of_scope); i++)
		assert_refused(*state, EXPRESSION_DEVICES, &out_of_scope[i]);
	assert_int_equal(
		expression_parse(*state, "filter", "device.model == 'a' && device.last_seen < now",
			EXPRESSION_DEVICES, &expression, NULL),
		SU_OK);
}

/* text repeated, between what stands before and after it. */
static const char *repeat(
	struct su_arena *arena, const char *before, const char *text, size_t n, const char *after)
{
	struct su_buf buf = { 0 };
	su_buf_printf(&buf, "%s", before);
	for (size_t i = 0; i < n; i++)
		su_buf_printf(&buf, "%s", text);
	su_buf_printf(&buf, "%s", after);
	const char *result = su_arena_strdup(arena, su_buf_str(&buf));
	su_buf_free(&buf);
	return result;
}

static void test_bounds(void **state)
{
	const struct expression *expression;
	const struct refusal long_text = { repeat(*state, "true", " ", EXPRESSION_MAX_BYTES - 3,
						   ""),
		"filter:1", "more than 4096 bytes" };
	const struct refusal deep = { repeat(*state, "", "!", EXPRESSION_MAX_DEPTH + 1, "true"),
		"filter:33", "nested deeper than 32" };
	const struct refusal open = { repeat(*state, "", "(", EXPRESSION_MAX_DEPTH + 1, ""),
		"filter:33", "nested deeper than 32" };
	const struct refusal lists = { repeat(*state, "1 in ", "[", EXPRESSION_MAX_DEPTH + 1, ""),
		"filter:38", "nested deeper than 32" };
	const struct refusal wide = { repeat(*state, "true", "||true", EXPRESSION_MAX_NODES / 2,
					      ""),
		"filter:1", "more than 512 parts" };
	assert_refused(*state, EXPRESSION_POLICY, &long_text);
	assert_refused(*state, EXPRESSION_POLICY, &deep);
	assert_refused(*state, EXPRESSION_POLICY, &open);
	assert_refused(*state, EXPRESSION_POLICY, &lists);
	assert_refused(*state, EXPRESSION_POLICY, &wide);
	assert_int_equal(expression_parse(*state, "filter",
				 repeat(*state, "", "!", EXPRESSION_MAX_DEPTH, "true"),
				 EXPRESSION_POLICY, &expression, NULL),
		SU_OK);
	assert_int_equal(expression_parse(*state, "filter",
				 repeat(*state, "true", " ", EXPRESSION_MAX_BYTES - 4, ""),
				 EXPRESSION_POLICY, &expression, NULL),
		SU_OK);
	assert_int_equal(expression_parse(*state, "filter",
				 repeat(*state, "true", "||true", EXPRESSION_MAX_NODES / 2 - 1, ""),
				 EXPRESSION_POLICY, &expression, NULL),
		SU_OK);
}

static void test_an_expression_keeps_its_text(void **state)
{
	char text[] = "device.model  ==\t'a'";
	const struct expression *expression;
	assert_int_equal(
		expression_parse(*state, "when", text, EXPRESSION_POLICY, &expression, NULL),
		SU_OK);
	memset(text, 'x', sizeof(text) - 1);
	assert_string_equal(expression_text(expression), "device.model  ==\t'a'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_malformed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_mistyped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unknown_fields, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_selector_asks_about_devices_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bounds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_an_expression_keeps_its_text, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
