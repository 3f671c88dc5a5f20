/* SPDX-License-Identifier: Apache-2.0 */
/* Class, mode, windows and approvals, each with its reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "policy/decide.h"

#define NOW_MS INT64_C(1795256401123)
#define DAY_MS INT64_C(86400000)

struct given {
	struct su_arena *arena;
	struct policy *policy;
	struct device device;
	struct release release;
	struct facts facts;
	struct choice_reason reason;
};

static int set_up(void **state)
{
	struct given *g = calloc(1, sizeof(*g));
	g->arena = su_arena_new();
	assert_int_equal(policy_parse(g->arena, policy_default_text(), &g->policy, NULL), SU_OK);
	g->release.labels_json = "{}";
	g->facts = (struct facts){ NOW_MS, &g->device, &g->release, 0, false, 0 };
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
static void use_policy_with(struct given *g, const char *name, const char *value)
{
	const struct su_span text = policy_default_text();
	json_t *json = json_loadb((const char *)text.data, text.len, 0, NULL);
	json_object_set_new(json, name, json_loads(value, 0, NULL));
	char *changed = json_dumps(json, 0);
	json_decref(json);
	assert_int_equal(policy_parse(g->arena, su_span_str(changed), &g->policy, NULL), SU_OK);
	free(changed);
}

static void expect_urgency(struct given *g, enum urgency urgency, const char *rule)
{
	assert_int_equal(policy_urgency(g->policy, &g->facts, g->arena, &g->reason), urgency);
	assert_string_equal(g->reason.rule, rule);
	assert_true(strlen(g->reason.because) > 0);
}

static void expect_mode(struct given *g, enum update_mode mode, const char *rule)
{
	assert_int_equal(policy_mode(g->policy, &g->device, NOW_MS, g->arena, &g->reason), mode);
	assert_string_equal(g->reason.rule, rule);
}

static void test_class_by_labels(void **state)
{
	struct given *g = *state;
	expect_urgency(g, URGENCY_NORMAL, "default");
	g->release.kind = KIND_FEATURE;
	expect_urgency(g, URGENCY_LOW, "new features");
	g->release.kind = KIND_SECURITY;
	expect_urgency(g, URGENCY_HIGH, "security");
	g->release.labels_json = "{\"cvss\": 7.5}";
	expect_urgency(g, URGENCY_HIGH, "flaw");
	assert_non_null(strstr(g->reason.because, "7.5"));
	g->release.labels_json = "{\"cvss\": 9.8}";
	expect_urgency(g, URGENCY_CRITICAL, "severe flaw");
	g->release.labels_json = "{\"cvss\": 2, \"exploited\": true}";
	expect_urgency(g, URGENCY_CRITICAL, "exploited");
	g->release.labels_json = "{\"exploited\": false}";
	expect_urgency(g, URGENCY_HIGH, "security");
}

/* draft-ietf-suit-update-management: the smaller the priority, the more urgent. */
static void test_class_by_manifest_and_by_what_runs(void **state)
{
	struct given *g = *state;
	g->release.has_update_priority = true;
	g->release.update_priority = 1;
	expect_urgency(g, URGENCY_NORMAL, "default");
	g->release.update_priority = -1;
	expect_urgency(g, URGENCY_HIGH, "author says so");
	g->release.has_update_priority = false;
	g->facts.has_installed_age = true;
	g->facts.installed_age_ms = 366 * DAY_MS;
	expect_urgency(g, URGENCY_HIGH, "old firmware");
	g->facts.installed_age_ms = 10 * DAY_MS;
	expect_urgency(g, URGENCY_NORMAL, "default");
}

static void test_a_meter_is_never_idle(void **state)
{
	struct given *g = *state;
	struct profile *told = &g->device.told.profile;
	expect_mode(g, MODE_CLIENT, "default");
	told->has_always_on = told->always_on = true;
	expect_mode(g, MODE_SERVER, "default");
	assert_string_equal(g->reason.because, "it is always on and never idle");
	told->always_on = false;
	expect_mode(g, MODE_CLIENT, "default");
}

static void test_a_vehicle_works_when_it_is_reachable(void **state)
{
	struct given *g = *state;
	struct profile *told = &g->device.told.profile;
	told->has_reachability = true;
	told->reachability = REACH_WHILE_WORKING;
	expect_mode(g, MODE_SERVER, "default");
	/* With a driver to ask. */
	told->has_answers = told->answers = true;
	expect_mode(g, MODE_NEGOTIATED, "default");
	assert_string_equal(g->reason.because, "there is somebody to ask");
}

static void test_who_sleeps_or_is_behind_nat_comes_by_itself(void **state)
{
	struct given *g = *state;
	struct profile *told = &g->device.told.profile;
	told->has_behind_nat = told->behind_nat = true;
	expect_mode(g, MODE_CLIENT, "default");
	told->has_reachability = true;
	told->reachability = REACH_QUEUE;
	expect_mode(g, MODE_CLIENT, "default");
	assert_string_equal(g->reason.because, "it sleeps, and comes by itself");
	told->has_answers = told->answers = true;
	expect_mode(g, MODE_NEGOTIATED, "default");
}

static void test_provision_goes_before_rules_and_they_before_the_profile(void **state)
{
	struct given *g = *state;
	use_policy_with(g, "modes",
		"[{\"name\":\"nat\",\"when\":\"device.behind_nat\",\"mode\":\"negotiated\"}]");
	g->device.told.profile.has_always_on = g->device.told.profile.always_on = true;
	expect_mode(g, MODE_SERVER, "default");
	g->device.provision.profile.has_behind_nat = g->device.provision.profile.behind_nat = true;
	expect_mode(g, MODE_NEGOTIATED, "nat");
	g->device.provision.has_mode = true;
	g->device.provision.mode = MODE_CLIENT;
	expect_mode(g, MODE_CLIENT, "provision");
}

static const struct calendar *calendar_of(struct given *g)
{
	return policy_calendar(g->policy, &g->device, NOW_MS, g->arena, &g->reason);
}

static void test_whose_windows_count(void **state)
{
	struct given *g = *state;
	static const struct calendar told, given;
	assert_null(calendar_of(g));
	assert_string_equal(g->reason.rule, "default");
	g->device.calendar = &told;
	assert_ptr_equal(calendar_of(g), &told);
	assert_string_equal(g->reason.rule, "device");
	g->device.provision.calendar = &given;
	assert_ptr_equal(calendar_of(g), &given);
	assert_string_equal(g->reason.rule, "provision");
}

static unsigned approvals_of(struct given *g)
{
	return policy_approvals(g->policy, &g->facts, g->arena, &g->reason);
}

static void test_who_must_agree(void **state)
{
	struct given *g = *state;
	g->facts.device = NULL;
	assert_int_equal(approvals_of(g), 1U << ROLE_OPERATOR);
	use_policy_with(g, "approvals",
		"[{\"name\":\"exploited\",\"when\":\"release.labels.exploited == true\","
		"\"roles\":[]},"
		"{\"name\":\"large\",\"when\":\"release.download_bytes > 1000\","
		"\"roles\":[\"network_operator\",\"operator\"]}]");
	assert_int_equal(approvals_of(g), 1U << ROLE_OPERATOR);
	assert_string_equal(g->reason.rule, "default");
	g->facts.download_bytes = 5000;
	assert_int_equal(approvals_of(g), 1U << ROLE_OPERATOR | 1U << ROLE_NETWORK_OPERATOR);
	assert_string_equal(g->reason.rule, "large");
	g->release.labels_json = "{\"exploited\": true}";
	assert_int_equal(approvals_of(g), 0);
	assert_string_equal(g->reason.rule, "exploited");
}

/* Spread, the same each time, and never later than the class wants. */
static void test_poll_intervals(void **state)
{
	struct given *g = *state;
	const int64_t most_ms = g->policy->levels[URGENCY_CRITICAL].poll_interval_ms;
	int64_t least = most_ms, longest = 0;
	for (unsigned i = 0; i < 200; i++) {
		char endpoint[32];
		snprintf(endpoint, sizeof(endpoint), "device-%u", i);
		int64_t ms = policy_poll_interval_ms(g->policy, endpoint, true, URGENCY_CRITICAL);
		assert_int_equal(
			ms, policy_poll_interval_ms(g->policy, endpoint, true, URGENCY_CRITICAL));
		assert_in_range(ms, most_ms * 3 / 4, most_ms);
		least = ms < least ? ms : least;
		longest = ms > longest ? ms : longest;
	}
	assert_true(longest - least > most_ms / 8);
	assert_in_range(policy_poll_interval_ms(g->policy, "a", false, URGENCY_CRITICAL),
		g->policy->levels[URGENCY_NORMAL].poll_interval_ms * 3 / 4,
		g->policy->levels[URGENCY_NORMAL].poll_interval_ms);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_class_by_labels),
		TEST(test_class_by_manifest_and_by_what_runs),
		TEST(test_a_meter_is_never_idle),
		TEST(test_a_vehicle_works_when_it_is_reachable),
		TEST(test_who_sleeps_or_is_behind_nat_comes_by_itself),
		TEST(test_provision_goes_before_rules_and_they_before_the_profile),
		TEST(test_whose_windows_count),
		TEST(test_who_must_agree),
		TEST(test_poll_intervals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
