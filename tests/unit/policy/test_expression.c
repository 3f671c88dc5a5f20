/* SPDX-License-Identifier: Apache-2.0 */
/* What holds about a device and a release, and what is neither true nor false. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "example_facts.h"
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

static const struct expression *parse(struct su_arena *arena, const char *text)
{
	const struct expression *expression = NULL;
	struct su_error err = { 0 };
	if (expression_parse(arena, "when", text, EXPRESSION_POLICY, &expression, &err) != SU_OK)
		fail_msg("%s: %s: %s", text, err.field, err.text);
	return expression;
}

static bool holds(struct su_arena *arena, const char *text)
{
	struct facts facts = example_facts();
	return expression_holds(parse(arena, text), &facts);
}

static const char *const truths[] = {
	"true",
	"!false",
	"!!true",
	"true || false && false",
	"(false || true) && true",
	"1 == 1 && 2 != 3 && 1 < 2 && 2 <= 2 && 3 > 2 && 2 >= 2",
	"-1 < 0 && -1.5 < -1 && 1e3 == 1000",
	"9007199254740993 > 9007199254740992",
	"'a' < 'b' && 'Z' < 'a' && 'z' < 'ä' && '' < 'a'",
	"\"it's\" == 'it\\'s' && '\\\\' != '\\\"'",
	"1 in [3, 2, 1] && 1 in [0.5, 1.0] && !('a' in ['b', 'c'])",
	"device.endpoint == 'meter-7'",
	"device.endpoint.startsWith('meter-') && !device.endpoint.startsWith('meter-77')",
	"device.endpoint.startsWith('')",
	"device.model in ['m0', 'm1'] && !(device.model in ['m2'])",
	"'" EXAMPLE_CLASS_ID "' in device.class_ids",
	"'6BA7B810-9DAD-11D1-80B4-00C04FD430C8' in device.class_ids",
	"!('00000000-0000-0000-0000-000000000000' in device.class_ids)",
	"device.site == 'north'",
	"device.battery_mwh >= 5000 && device.battery_mwh < 5000.5",
	"device.transport == 'coaps' && device.mode != 'client'",
	"device.always_on && !device.answers && device.always_on == true",
	"now - device.last_seen > duration('P30D')",
	"now - device.last_seen == duration('P40D')",
	"device.last_seen + duration('P40D') == now && now - duration('P41D') < device.last_seen",
	"now - duration('P1D') - duration('P1D') == now - (duration('P1D') + duration('P1D'))",
	"device.registered < timestamp('2027-01-01T00:00:00Z') && now == "
	"timestamp('2027-01-15T09:00:00+01:00')",
	"device.wake_every == duration('PT1H')",
	"release.kind == 'security' && release.version == '1.2.0' && release.update_priority < 0",
	"release.components == 2 && release.download_bytes == 1500",
	"release.published == now - duration('P1D') && installed.age > duration('P9D')",
	"release.cvss >= 9 && release.labels.cvss > 9.5 && release.labels.count == 3",
	"release.labels.team == 'radio' && release.labels.beta && release.labels.beta == true",
	"release.labels.team.startsWith('ra') && release.labels.team in ['radio']",
	"9 < release.labels.cvss && release.labels.count in [1, 3]",
	"has(device.model) && !has(device.serial) && !has(device.vendor_ids)",
	"has(release.labels.team) && has(release.labels.beta) && has(release.labels.cvss)",
	"!has(release.labels.none) && !has(release.labels.list) && !has(release.labels.x)",
};

static void test_what_holds(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(truths); i++) {
		if (!holds(*state, truths[i]))
			fail_msg("should hold: %s", truths[i]);
		const char *negation = su_arena_printf(*state, "!(%s)", truths[i]);
		if (holds(*state, negation))
			fail_msg("should not hold: %s", negation);
	}
}

/* Neither these nor their opposite hold. */
static const char *const unknowns[] = {
	"device.serial == 'a'",
	"device.serial != 'a'",
	"device.serial in ['a']",
	"device.serial.startsWith('')",
	"device.serial == device.serial",
	"'00000000-0000-0000-0000-000000000000' in device.vendor_ids",
	"device.behind_nat",
	"device.free_memory_bytes > 0",
	"release.use_before < now",
	"now - release.use_before > duration('PT0S')",
	"release.labels.x == 'a'",
	"release.labels.team == 1",
	"release.labels.cvss == 'high'",
	"release.labels.count",
	"release.labels.list == 1",
	"device.behind_nat && true",
	"device.behind_nat || false",
	"device.behind_nat || device.takes_push",
	"device.behind_nat == true",
};

static void test_what_is_unknown_does_not_match(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(unknowns); i++) {
		if (holds(*state, unknowns[i]))
			fail_msg("should not hold: %s", unknowns[i]);
		const char *negation = su_arena_printf(*state, "!(%s)", unknowns[i]);
		if (holds(*state, negation))
			fail_msg("should not hold: %s", negation);
	}
}

static void test_the_rest_can_decide_what_is_unknown(void **state)
{
	assert_true(holds(*state, "device.behind_nat || true"));
	assert_true(holds(*state, "true || device.behind_nat"));
	assert_true(holds(*state, "!(device.behind_nat && false)"));
	assert_true(holds(*state, "!(false && device.behind_nat)"));
}

static void test_without_device_and_release_all_is_unknown(void **state)
{
	const struct facts nothing = { .now_ms = EXAMPLE_NOW_MS };
	for (const struct field *field = fields; field->name; field++) {
		const char *text = su_arena_printf(*state, "has(%s)", field->name);
		bool is_now = field->read == fields_find("now")->read;
		assert_int_equal(expression_holds(parse(*state, text), &nothing), is_now);
	}
	assert_false(expression_holds(parse(*state, "has(release.labels.a)"), &nothing));
	assert_false(expression_holds(parse(*state, "release.labels.a"), &nothing));
}

static const struct {
	const char *text, *explanation;
} explanations[] = {
	{ "true", "it looks at no fact" },
	{ "release.kind == 'security' && device.serial == 'a'",
		"release.kind = 'security', device.serial is unknown" },
	{ "release.kind == 'feature' && device.serial == 'a'", "release.kind = 'security'" },
	{ "device.always_on || device.answers", "device.always_on = true" },
	{ "device.battery_mwh > 1 && device.battery_mwh < 3", "device.battery_mwh = 5000" },
	{ "has(device.serial) || release.labels.team == 'x'",
		"has(device.serial) = false, release.labels.team = 'radio'" },
	{ "now - device.last_seen > duration('P50D') || release.cvss > 10.0",
		"now = 2027-01-15T08:00:00Z, device.last_seen = 2026-12-06T08:00:00Z, "
		"release.cvss = 9.8" },
	{ "installed.age > duration('P50D')", "installed.age = P10D" },
	{ "'00000000-0000-0000-0000-000000000000' in device.class_ids",
		"device.class_ids = ['" EXAMPLE_CLASS_ID "']" },
};

static void test_explanations_name_the_facts_that_were_looked_at(void **state)
{
	struct facts facts = example_facts();
	for (size_t i = 0; i < ARRAY_LEN(explanations); i++)
		assert_string_equal(
			expression_explain(*state, parse(*state, explanations[i].text), &facts),
			explanations[i].explanation);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_holds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_what_is_unknown_does_not_match, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_the_rest_can_decide_what_is_unknown, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_without_device_and_release_all_is_unknown, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_explanations_name_the_facts_that_were_looked_at, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
