/* SPDX-License-Identifier: Apache-2.0 */
/* Fleets of several kinds: what is refused, shares that come out right, the same for the same seed. */
#include "tools/device_mix.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define FLEET 10000

static void test_bad_mixes(void **state)
{
	static const char *const texts[] = { "sleepy", "sleepy=", "sleepy=x", "happy=10",
		"no=60,later=41", "no=10;later=10", ",no=1" };
	struct device_mix mix;
	struct su_error err;
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(device_mix_parse(texts[i], &mix, &err), SU_INVALID);
}

static void test_shares(void **state)
{
	struct device_mix mix;
	unsigned sleepy = 0, no = 0, revert = 0;
	(void)state;
	assert_int_equal(device_mix_parse("sleepy=20,no=10,revert=3", &mix, NULL), SU_OK);
	for (unsigned i = 0; i < FLEET; i++) {
		struct device_agent_opts device = { 0 }, again = { 0 };
		device_mix_apply(&mix, 7, i, &device);
		device_mix_apply(&mix, 7, i, &again);
		assert_true(profile_equal(&device.told.profile, &again.told.profile));
		assert_int_equal(device.come_back_old, again.come_back_old);
		sleepy += device.told.profile.has_reachability;
		no += device.told.profile.answers && device.script.says == SAYS_NO;
		revert += device.come_back_old;
	}
	assert_in_range(sleepy, FLEET * 18 / 100, FLEET * 22 / 100);
	assert_in_range(no, FLEET * 8 / 100, FLEET * 12 / 100);
	assert_in_range(revert, FLEET * 2 / 100, FLEET * 4 / 100);
}

static void test_nothing_said_changes_nothing(void **state)
{
	struct device_mix mix;
	struct device_agent_opts device = { 0 };
	(void)state;
	assert_int_equal(device_mix_parse("", &mix, NULL), SU_OK);
	device_mix_apply(&mix, 1, 1, &device);
	assert_true(device_mix_is_empty(&mix));
	assert_false(device.listens);
	assert_false(device.falls_silent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_mixes),
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_nothing_said_changes_nothing),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
