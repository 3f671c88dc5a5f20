/* SPDX-License-Identifier: Apache-2.0 */
/* Calendars to JSON and back, and what is no calendar. */
#include "policy/calendar_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_there_and_back(void **state)
{
	static const char *const texts[] = { "{\"windows\":[]}",
		"{\"time_zone\":\"Europe/Berlin\",\"windows\":["
		"{\"meaning\":\"idle\",\"days\":[\"mon\",\"sun\"],\"start\":\"02:30\",\"duration\":"
		"\"PT2H\"},"
		"{\"meaning\":\"busy\",\"from\":\"2026-11-21T09:00:00Z\",\"until\":\"2026-11-22T09:"
		"00:00Z\"},"
		"{\"meaning\":\"reachable\",\"until\":\"2026-11-22T09:00:00Z\"},"
		"{\"meaning\":\"idle\",\"rule\":\"FREQ=DAILY\",\"from\":\"2026-11-21T09:00:00Z\","
		"\"duration\":\"P1DT30M\"}]}" };
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct su_arena *arena = su_arena_new();
		struct calendar calendar;
		json_t *value = json_loads(texts[i], 0, NULL);
		assert_int_equal(calendar_from_json(arena, value, &calendar, NULL), SU_OK);
		json_decref(value); /* nothing is borrowed from it */
		json_t *again = calendar_to_json(&calendar);
		char *text = json_dumps(again, JSON_COMPACT);
		assert_string_equal(text, texts[i]);
		free(text);
		json_decref(again);
		su_arena_free(&arena);
	}
}

static void test_what_is_no_calendar(void **state)
{
	static const struct {
		const char *json, *field;
	} bad[] = {
		{ "[]", "" },
		{ "{}", "windows" },
		{ "{\"windows\":[],\"colour\":1}", "" },
		{ "{\"windows\":[],\"time_zone\":\"\"}", "time_zone" },
		{ "{\"windows\":[],\"time_zone\":1}", "time_zone" },
		{ "{\"windows\":[1]}", "windows[0]" },
		{ "{\"windows\":[{}]}", "windows[0]" },
		{ "{\"windows\":[{\"until\":\"tomorrow\"}]}", "windows[0].until" },
		{ "{\"windows\":[{\"until\":\"2026-11-22T09:00:00Z\",\"days\":[]}]}",
			"windows[0]" },
		{ "{\"windows\":[{\"meaning\":\"lazy\",\"until\":\"2026-11-22T09:00:00Z\"}]}",
			"windows[0].meaning" },
		{ "{\"windows\":[{\"days\":[\"mon\"],\"start\":\"2:30\",\"duration\":\"PT1H\"}]}",
			"windows[0].start" },
		{ "{\"windows\":[{\"days\":[\"mon\"],\"start\":\"24:00\",\"duration\":\"PT1H\"}]}",
			"windows[0].start" },
		{ "{\"windows\":[{\"days\":[\"mon\"],\"start\":\"02:60\",\"duration\":\"PT1H\"}]}",
			"windows[0].start" },
		{ "{\"windows\":[{\"days\":[\"mon\"],\"start\":\"02:30\"}]}",
			"windows[0].duration" },
		{ "{\"windows\":[{\"days\":[\"mon\"],\"start\":\"02:30\",\"duration\":\"PT30S\"}]}",
			"windows[0].duration" },
		{ "{\"windows\":[{\"days\":[\"mon\",\"mon\"],\"start\":\"02:30\",\"duration\":"
		  "\"PT1H\"}]}",
			"windows[0].days" },
		{ "{\"windows\":[{\"days\":\"mon\",\"start\":\"02:30\",\"duration\":\"PT1H\"}]}",
			"windows[0].days" },
		{ "{\"windows\":[{\"rule\":7,\"duration\":\"PT1H\"}]}", "windows[0].rule" },
		{ "{\"windows\":[{\"rule\":\"FREQ=DAILY\"}]}", "windows[0].duration" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct su_arena *arena = su_arena_new();
		struct calendar calendar;
		struct su_error err = { 0 };
		json_t *value = json_loads(bad[i].json, 0, NULL);
		assert_non_null(value);
		assert_int_equal(calendar_from_json(arena, value, &calendar, &err), SU_INVALID);
		assert_string_equal(err.field, bad[i].field);
		json_decref(value);
		su_arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_what_is_no_calendar),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
