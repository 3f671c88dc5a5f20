/* SPDX-License-Identifier: Apache-2.0 */
/* States of a deployment: their words, and which are ends. */
#include "model/deployment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_states_and_ends(void **state)
{
	static const char *const words[] = { "planned", "offered", "deferred", "accepted",
		"downloading", "downloaded", "installing", "rebooting", "confirmed", "failed",
		"rejected", "cancelled", "superseded", "expired" };
	(void)state;
	assert_int_equal(sizeof(words) / sizeof(words[0]), DEPLOYMENT_STATE_COUNT);
	for (int i = 0; i < DEPLOYMENT_STATE_COUNT; i++) {
		int value = -1;
		assert_string_equal(name_of(deployment_state_names, i), words[i]);
		assert_int_equal(
			name_parse(deployment_state_names, "state", words[i], &value, NULL), SU_OK);
		assert_int_equal(value, i);
		assert_int_equal(deployment_state_is_end((enum deployment_state)i),
			i >= DEPLOYMENT_CONFIRMED);
	}
	assert_null(name_of(deployment_state_names, DEPLOYMENT_STATE_COUNT));
}

static void test_every_state_fits_the_refusal(void **state)
{
	struct su_error err;
	int value;
	(void)state;
	assert_int_equal(
		name_parse(deployment_state_names, "state", "done", &value, &err), SU_INVALID);
	assert_non_null(strstr(err.text, "planned"));
	assert_non_null(strstr(err.text, "expired"));
}

static void test_modes(void **state)
{
	(void)state;
	assert_string_equal(name_of(update_mode_names, MODE_CLIENT), "client");
	assert_string_equal(name_of(update_mode_names, MODE_NEGOTIATED), "negotiated");
	assert_string_equal(name_of(update_mode_names, MODE_SERVER), "server");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states_and_ends),
		cmocka_unit_test(test_every_state_fits_the_refusal),
		cmocka_unit_test(test_modes),
	};
	return cmocka_run_group_tests_name("deployment", tests, NULL, NULL);
}
