/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles to JSON and back, and what is no profile. */
#include "policy/profile_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_there_and_back(void **state)
{
	static const char *const texts[] = { "{}",
		"{\"reachability\":\"queue\",\"always_on\":false,\"behind_nat\":true,\"answers\":"
		"true,"
		"\"takes_push\":false,\"awake_s\":93,\"wake_every_s\":3600,"
		"\"link_bytes_per_s\":1250,\"install_s\":0}" };
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct profile profile;
		json_t *value = json_loads(texts[i], 0, NULL);
		assert_int_equal(profile_from_json(value, &profile, NULL), SU_OK);
		json_t *again = profile_to_json(&profile);
		char *text = json_dumps(again, JSON_COMPACT);
		assert_string_equal(text, texts[i]);
		free(text);
		json_decref(again);
		json_decref(value);
	}
}

static void test_what_is_no_profile(void **state)
{
	static const struct {
		const char *json, *field;
	} bad[] = { { "[]", "" }, { "{\"colour\":1}", "" },
		{ "{\"reachability\":3}", "reachability" },
		{ "{\"reachability\":\"never\"}", "reachability" },
		{ "{\"always_on\":1}", "always_on" }, { "{\"awake_s\":-1}", "awake_s" },
		{ "{\"awake_s\":1.5}", "awake_s" }, { "{\"awake_s\":31536001}", "awake_s" },
		{ "{\"wake_every_s\":0}", "wake_every_s" },
		{ "{\"link_bytes_per_s\":0}", "link_bytes_per_s" },
		{ "{\"install_s\":true}", "install_s" } };
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct profile profile;
		struct su_error err = { 0 };
		json_t *value = json_loads(bad[i].json, 0, NULL);
		assert_int_equal(profile_from_json(value, &profile, &err), SU_INVALID);
		assert_string_equal(err.field, bad[i].field);
		json_decref(value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_what_is_no_profile),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
