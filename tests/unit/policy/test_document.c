/* SPDX-License-Identifier: Apache-2.0 */
/* Policy documents: the one that comes with suitd, and how it can be spoilt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "policy/document.h"

struct given {
	struct su_arena *arena;
	struct policy *policy;
	struct su_error err;
};

static int set_up(void **state)
{
	struct given *g = calloc(1, sizeof(*g));
	g->arena = su_arena_new();
	*state = g;
	return 0;
}

static int tear_down(void **state)
{
	struct given *g = *state;
	su_arena_free(&g->arena);
	free(g);
	return 0;
}

/* The default document with a member set to a JSON value. */
static enum su_status parse_with(struct given *g, const char *name, const char *value)
{
	const struct su_span text = policy_default_text();
	json_t *json = json_loadb((const char *)text.data, text.len, 0, NULL);
	json_error_t fault;
	json_t *member = json_loads(value, JSON_DECODE_ANY, &fault);
	assert_non_null(member);
	json_object_set_new(json, name, member);
	char *changed = json_dumps(json, 0);
	json_decref(json);
	enum su_status status = policy_parse(g->arena, su_span_str(changed), &g->policy, &g->err);
	free(changed);
	return status;
}

static void expect_fault(struct given *g, const char *name, const char *value, const char *field)
{
	assert_int_equal(parse_with(g, name, value), SU_INVALID);
	assert_string_equal(g->err.field, field);
}

static void test_the_default_document(void **state)
{
	struct given *g = *state;
	assert_int_equal(policy_parse(g->arena, policy_default_text(), &g->policy, &g->err), SU_OK);
	assert_int_equal(g->policy->default_urgency, URGENCY_NORMAL);
	assert_true(g->policy->urgency.n > 0);
	assert_true(g->policy->capacity.downloads > 0);
	assert_int_equal(g->policy->levels[URGENCY_CRITICAL].deadline_ms, 3 * INT64_C(86400000));
	assert_true(g->policy->levels[URGENCY_LOW].interrupt_after_ms == LEVEL_NEVER);
	/* Its own compact text means the same. */
	struct policy *again;
	assert_int_equal(
		policy_parse(g->arena, su_span_str(g->policy->text), &again, &g->err), SU_OK);
	assert_string_equal(again->text, g->policy->text);
	assert_null(strchr(g->policy->text, '\n'));
}

static void test_rules_keep_their_order(void **state)
{
	struct given *g = *state;
	assert_int_equal(
		parse_with(g, "modes",
			"[{\"name\":\"a\",\"when\":\"device.answers\",\"mode\":\"client\"},"
			"{\"name\":\"b\",\"mode\":\"server\"}]"),
		SU_OK);
	assert_int_equal(g->policy->modes.n, 2);
	assert_string_equal(g->policy->modes.rules[0].name, "a");
	assert_non_null(g->policy->modes.rules[0].when);
	assert_null(g->policy->modes.rules[1].when);
	assert_int_equal(g->policy->modes.rules[1].then.mode, MODE_SERVER);
}

static void test_capacity_of_classes(void **state)
{
	struct given *g = *state;
	assert_int_equal(parse_with(g, "capacity",
				 "{\"downloads\":9,\"classes\":[{\"class_id\":"
				 "\"1492af14-2569-5e48-bf42-9b2d51f2ab45\",\"downloads\":3}]}"),
		SU_OK);
	assert_int_equal(g->policy->capacity.downloads, 9);
	assert_int_equal(g->policy->capacity.downloads_per_site, 0);
	assert_int_equal(g->policy->capacity.n_classes, 1);
	assert_int_equal(g->policy->capacity.classes[0].downloads, 3);
	assert_int_equal(g->policy->capacity.classes[0].class_id.bytes[0], 0x14);
	expect_fault(g, "capacity", "{\"downloads\":0}", "capacity.downloads");
	expect_fault(g, "capacity", "{\"downloads\":1,\"classes\":[{\"class_id\":\"x\"}]}",
		"capacity.classes[0].class_id");
}

static void test_faults_are_located(void **state)
{
	struct given *g = *state;
	expect_fault(g, "colour", "1", "colour");
	expect_fault(g, "levels", "{}", "levels.critical");
	expect_fault(g, "default_urgency", "\"urgent\"", "default_urgency");
	expect_fault(g, "modes", "[{\"mode\":\"client\"}]", "modes[0].name");
	expect_fault(g, "modes", "[{\"name\":\"default\",\"mode\":\"client\"}]", "modes[0].name");
	expect_fault(g, "modes", "[{\"name\":\"a\"}]", "modes[0].mode");
	expect_fault(g, "modes",
		"[{\"name\":\"a\",\"mode\":\"client\"},{\"name\":\"a\",\"mode\":\"client\"}]",
		"modes[1].name");
	expect_fault(g, "modes", "[{\"name\":\"a\",\"mode\":\"client\",\"urgency\":\"low\"}]",
		"modes[0].urgency");
	expect_fault(g, "urgency",
		"[{\"name\":\"a\",\"when\":\"release.kind = 'x'\",\"urgency\":\"low\"}]",
		"urgency[0].when:14");
	expect_fault(g, "approvals", "[{\"name\":\"a\",\"roles\":[\"author\"]}]",
		"approvals[0].roles[0]");
	expect_fault(g, "approvals", "[{\"name\":\"a\",\"roles\":[\"operator\",\"operator\"]}]",
		"approvals[0].roles[1]");
}

static void test_rules_ask_only_what_is_known(void **state)
{
	struct given *g = *state;
	expect_fault(g, "modes",
		"[{\"name\":\"a\",\"when\":\"device.answers && release.components > 1\","
		"\"mode\":\"client\"}]",
		"modes[0].when:19");
	expect_fault(g, "approvals",
		"[{\"name\":\"a\",\"when\":\"device.site == 'x'\",\"roles\":[]}]",
		"approvals[0].when:1");
	/* In a text it is only a text. */
	assert_int_equal(
		parse_with(g, "modes",
			"[{\"name\":\"a\",\"when\":\"device.model == 'a release.x'\",\"mode\":"
			"\"client\"}]"),
		SU_OK);
}

static void test_windows_by_rule(void **state)
{
	struct given *g = *state;
	assert_int_equal(
		parse_with(g, "windows",
			"[{\"name\":\"cameras\",\"when\":\"device.model.startsWith('cam')\","
			"\"calendar\":{\"time_zone\":\"Europe/Berlin\",\"windows\":[{\"meaning\":"
			"\"idle\",\"days\":[\"mon\"],\"start\":\"02:30\",\"duration\":\"PT2H\"}]}}"
			"]"),
		SU_OK);
	const struct calendar *calendar = &g->policy->windows.rules[0].then.calendar;
	assert_string_equal(calendar->time_zone, "Europe/Berlin");
	assert_int_equal(calendar->n_windows, 1);
	assert_int_equal(calendar->windows[0].start_minute, 150);
	expect_fault(g, "windows", "[{\"name\":\"a\"}]", "windows[0].calendar");
	expect_fault(g, "windows",
		"[{\"name\":\"a\",\"calendar\":{\"windows\":[{\"days\":[\"mon\"],\"start\":"
		"\"25:00\",\"duration\":\"PT2H\"}]}}]",
		"windows[0].calendar.windows[0].start");
	expect_fault(g, "windows",
		"[{\"name\":\"a\",\"when\":\"has(release.version)\",\"calendar\":{\"windows\":[]}}"
		"]",
		"windows[0].when:5");
}

static void test_what_is_not_even_json(void **state)
{
	struct given *g = *state;
	assert_int_equal(
		policy_parse(g->arena, su_span_str("{\n  \"levels\": oops"), &g->policy, &g->err),
		SU_INVALID);
	assert_non_null(strstr(g->err.text, "line 2"));
	assert_int_equal(policy_parse(g->arena, su_span_str("{\"levels\":{},\"levels\":{}}"),
				 &g->policy, &g->err),
		SU_INVALID);
	assert_int_equal(
		policy_parse(g->arena, su_span_str("[]"), &g->policy, &g->err), SU_INVALID);
	char *large = malloc(POLICY_MAX_BYTES + 1);
	memset(large, ' ', POLICY_MAX_BYTES + 1);
	assert_int_equal(policy_parse(g->arena, su_span_of(large, POLICY_MAX_BYTES + 1), &g->policy,
				 &g->err),
		SU_TOO_LARGE);
	free(large);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_default_document),
		TEST(test_rules_keep_their_order),
		TEST(test_capacity_of_classes),
		TEST(test_faults_are_located),
		TEST(test_rules_ask_only_what_is_known),
		TEST(test_windows_by_rule),
		TEST(test_what_is_not_even_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
