/* SPDX-License-Identifier: Apache-2.0 */
/* Service levels as they are written down. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/level_json.h"

#define HOUR_MS INT64_C(3600000)

struct given {
	struct su_arena *arena;
	json_t *json;
	struct level level;
	struct su_error err;
};

static const char good[] =
	"{\"announce_within\":\"PT1H\",\"start_within\":\"PT2H\",\"deadline\":\"P1D\","
	"\"negotiate_after\":\"PT3H\",\"command_after\":\"never\",\"interrupt_after\":\"PT5H\","
	"\"notice\":\"PT0S\",\"at_deadline\":\"give_up\",\"max_deferrals\":2,"
	"\"max_deferral\":\"PT6H\",\"max_retries\":0,\"retry_after\":\"PT30S\",\"share\":0.5,"
	"\"poll_interval\":\"PT7H\"}";

/* The good one with a member set to a JSON value, or without it: NULL. */
static enum su_status read_with(struct given *g, const char *name, const char *value)
{
	json_t *json = json_loads(good, 0, NULL);
	if (name && value)
		json_object_set_new(json, name, json_loads(value, JSON_DECODE_ANY, NULL));
	else if (name)
		json_object_del(json, name);
	struct su_arena *arena = su_arena_new();
	const struct member member = { arena, json, "levels.low" };
	enum su_status status = level_json_read(&member, &g->level, &g->err);
	json_decref(json);
	su_arena_free(&arena);
	return status;
}

static void test_every_member_is_read(void **state)
{
	(void)state;
	struct given g = { 0 };
	assert_int_equal(read_with(&g, NULL, NULL), SU_OK);
	assert_int_equal(g.level.announce_within_ms, HOUR_MS);
	assert_int_equal(g.level.start_within_ms, 2 * HOUR_MS);
	assert_int_equal(g.level.deadline_ms, 24 * HOUR_MS);
	assert_int_equal(g.level.negotiate_after_ms, 3 * HOUR_MS);
	assert_true(g.level.command_after_ms == LEVEL_NEVER);
	assert_int_equal(g.level.interrupt_after_ms, 5 * HOUR_MS);
	assert_int_equal(g.level.notice_ms, 0);
	assert_int_equal(g.level.at_deadline, DEADLINE_GIVE_UP);
	assert_int_equal(g.level.max_deferrals, 2);
	assert_int_equal(g.level.max_deferral_ms, 6 * HOUR_MS);
	assert_int_equal(g.level.max_retries, 0);
	assert_int_equal(g.level.retry_after_ms, 30000);
	assert_true(g.level.share == 0.5);
	assert_int_equal(g.level.poll_interval_ms, 7 * HOUR_MS);
}

static void test_none_may_be_left_out(void **state)
{
	(void)state;
	struct given g = { 0 };
	json_t *json = json_loads(good, 0, NULL);
	const char *name;
	json_t *value;
	json_object_foreach(json, name, value)
	{
		char field[96];
		snprintf(field, sizeof(field), "levels.low.%s", name);
		assert_int_equal(read_with(&g, name, NULL), SU_INVALID);
		assert_string_equal(g.err.field, field);
	}
	json_decref(json);
}

static void test_values_that_make_no_sense(void **state)
{
	(void)state;
	static const struct {
		const char *name, *value;
	} bad[] = {
		{ "start_within", "\"PT30M\"" }, /* shorter than announce_within */
		{ "deadline", "\"PT90M\"" },     /* shorter than start_within */
		{ "command_after", "\"PT1H\"" }, /* told before it was asked */
		{ "announce_within", "\"never\"" },
		{ "share", "0" },
		{ "max_retries", "101" },
		{ "at_deadline", "\"shrug\"" },
		{ "poll_interval", "\"PT1S\"" },
		{ "colour", "\"red\"" },
	};
	struct given g = { 0 };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char field[96];
		snprintf(field, sizeof(field), "levels.low.%s", bad[i].name);
		assert_int_equal(read_with(&g, bad[i].name, bad[i].value), SU_INVALID);
		assert_string_equal(g.err.field, field);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_member_is_read),
		cmocka_unit_test(test_none_may_be_left_out),
		cmocka_unit_test(test_values_that_make_no_sense),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
