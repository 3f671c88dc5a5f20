/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters: every type read and written, the difference of override and set, bad values. */
#include "suit/parameter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/memory.h"
#include "bytes.h"
#include "model/release.h"

#define VENDOR "fa6b4a53d5ad5fdfbe9de663e4d41ffe"
#define CLASS  "1492af1425695e48bf429b2d51f2ab45"
#define DIGEST "00112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210"

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

static struct parameters decode(void **state, const char *hex)
{
	struct parameters parameters = { 0 };
	struct su_error err = { 0 };
	enum su_status status = parameters_decode(bytes_of(*state, hex), true, &parameters, &err);
	assert_string_equal(err.text, "");
	assert_int_equal(status, SU_OK);
	return parameters;
}

static void assert_refused(void **state, const char *hex, const char *why)
{
	struct parameters parameters = { 0 };
	struct su_error err = { 0 };
	assert_int_not_equal(
		parameters_decode(bytes_of(*state, hex), true, &parameters, &err), SU_OK);
	if (!strstr(err.text, why))
		assert_string_equal(err.text, why);
}

/* As in example 0 of suit-manifest, appendix B. */
static const char identity[] =
	"a4 01 50" VENDOR "02 50" CLASS "03 5824 822f5820" DIGEST "0e 1987d0";

static void test_reads_identity_digest_and_size(void **state)
{
	struct parameters parameters = decode(state, identity);
	char text[DIGEST_TEXT_SIZE], id[SU_UUID_TEXT_SIZE];
	struct su_uuid vendor;
	assert_true(parameters_have(&parameters, PARAM_VENDOR_IDENTIFIER));
	assert_false(parameters_have(&parameters, PARAM_URI));
	assert_true(parameters_vendor_uuid(&parameters, &vendor));
	su_uuid_format(vendor, id);
	assert_string_equal(id, "fa6b4a53-d5ad-5fdf-be9d-e663e4d41ffe");
	su_uuid_format(parameters.class_identifier, id);
	assert_string_equal(id, "1492af14-2569-5e48-bf42-9b2d51f2ab45");
	digest_format(&parameters.image_digest, text);
	assert_string_equal(text, "sha256:" DIGEST);
	assert_int_equal(parameters.image_size_bytes, 34768);
}

/* Each line alone is a map; written again it must be the same bytes. */
static const char *const maps[] = {
	identity,
	"a1 01 d870 45 2b06010401", /* vendor as private enterprise number */
	"a1 04 1b7fffffffffffffff", /* use-before */
	"a2 05 01 0c f4",           /* slot, strict-order */
	"a1 0d f5",                 /* soft-failure */
	"a1 12 43 010203",          /* content */
	"a1 15 61 23",              /* uri */
	"a1 16 02",                 /* source-component */
	"a1 17 41 61",              /* invoke-args */
	"a1 1818 50" CLASS,         /* device-identifier */
	"a2 1819 41 00 181a 14",    /* fetch-arguments, minimum-battery */
	"a1 181b 20",               /* update-priority -1 */
	"a1 181c 46 820583010000",  /* version < 1.0.0 */
	/* wait-info with each event, metadata with each kind of actor, encryption-info */
	"a1181d582aa80120031865048242010282820182010282058402002001051a655b1980061a0001517f0706"
	"08000900",
	"a1181e582ba5010502a241010764726f6f7401050206c11a6553f10008d825500000000000000000000000"
	"0000000000",
	"a113583ed8608443a10101a1054c000000000000000000000000f6818340a2012204456b69642d31581800"
	"0000000000000000000000000000000000000000000000",
};

static void test_writes_what_it_read(void **state)
{
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		struct su_buf out su_auto(su_buf_free) = { 0 };
		struct parameters parameters = decode(state, maps[i]);
		parameters_put(&out, &parameters);
		struct su_span wanted = bytes_of(*state, maps[i]);
		assert_int_equal(out.len, wanted.len);
		assert_memory_equal(out.data, wanted.data, wanted.len);
	}
}

static void test_set_keeps_what_override_replaces(void **state)
{
	struct parameters parameters = decode(state, "a1 0e 01");
	struct su_span change = bytes_of(*state, "a2 0e 02 15 6161");
	assert_int_equal(parameters_decode(change, false, &parameters, NULL), SU_OK);
	assert_int_equal(parameters.image_size_bytes, 1);
	assert_true(su_span_equal_str(parameters.uri, "a"));
	assert_int_equal(parameters_decode(change, true, &parameters, NULL), SU_OK);
	assert_int_equal(parameters.image_size_bytes, 2);
}

static void test_copies_single_parameters(void **state)
{
	struct parameters from = decode(state, identity);
	struct parameters to = { 0 };
	parameters_copy(&to, &from, PARAM_VENDOR_IDENTIFIER);
	parameters_copy(&to, &from, PARAM_IMAGE_DIGEST);
	parameters_copy(&to, &from, PARAM_URI);
	assert_int_equal(to.set, 1 << PARAM_VENDOR_IDENTIFIER | 1 << PARAM_IMAGE_DIGEST);
	assert_true(digest_equal(&to.image_digest, &from.image_digest));
	from = decode(state, "a1 181c 46 820583010000");
	parameters_copy(&to, &from, PARAM_VERSION);
	assert_int_equal(to.version_comparison, VERSION_LESSER);
	assert_int_equal(to.version.n_parts, 3);
}

/* The namespace and the rule are those of suit-manifest section 8.4.8.2; computed with Python. */
static void test_derives_a_uuid_from_an_enterprise_number(void **state)
{
	struct parameters parameters = decode(state, "a1 01 d870 43 86cd2b");
	struct su_uuid id;
	char text[SU_UUID_TEXT_SIZE];
	assert_true(parameters_vendor_uuid(&parameters, &id));
	su_uuid_format(id, text);
	assert_string_equal(text, "d68ac1d6-e891-503b-9f3b-e0b6f2ede805");
}

static void test_finds_the_priority_in_wait_info(void **state)
{
	int64_t priority = 0;
	struct parameters parameters = decode(state, "a1 181d 45 a2 0126 0201");
	assert_true(parameters_wait_priority(&parameters, &priority));
	assert_int_equal(priority, -7);
	parameters = decode(state, "a1 181d 43 a1 0201");
	assert_false(parameters_wait_priority(&parameters, &priority));
	parameters = decode(state, "a1 0e 01");
	assert_false(parameters_wait_priority(&parameters, &priority));
}

static void test_finds_the_events_in_wait_info(void **state)
{
	/* Authorization, power, and an event of its own. */
	struct parameters parameters = decode(state, "a1 181d 49 a3 0126 0201 390100 01");
	assert_int_equal(
		parameters_wait_events(&parameters), 1U << WAIT_AUTHORIZATION | 1U << WAIT_POWER);
	parameters = decode(state, "a1 181d 43 a1 0906");
	assert_int_equal(parameters_wait_events(&parameters), 1U << WAIT_DAY_OF_WEEK_UTC);
	parameters = decode(state, "a1 0e 01");
	assert_int_equal(parameters_wait_events(&parameters), 0);
}

static void test_compares_versions(void **state)
{
	(void)state;
	const struct version one = { 2, { 1, 0 } }, patch = { 3, { 1, 0, 2 } };
	const struct version candidate = { 4, { 1, 2, -1, 3 } }, final = { 3, { 1, 2, 0 } };
	assert_true(version_comparison_holds(VERSION_EQUAL, &patch, &one));
	assert_false(version_comparison_holds(VERSION_GREATER, &patch, &one));
	assert_true(version_comparison_holds(VERSION_GREATER_EQUAL, &patch, &one));
	assert_true(version_comparison_holds(VERSION_LESSER, &candidate, &final));
	assert_true(version_comparison_holds(VERSION_LESSER_EQUAL, &candidate, &final));
	assert_false(version_comparison_holds(VERSION_LESSER, &final, &candidate));
}

static void test_custom_parameters_are_skipped(void **state)
{
	struct parameters parameters = decode(state, "a2 0e 05 38ff f5");
	assert_true(parameters.has_custom);
	assert_int_equal(parameters.image_size_bytes, 5);
	assert_refused(state, "a1 38ff 80", "custom parameter");
}

static void test_refuses_bad_values(void **state)
{
	assert_refused(state, "a0", "empty");
	assert_refused(state, "a1 06 01", "unknown parameter 6");
	assert_refused(state, "a1 14 01", "unknown parameter 20");
	assert_refused(state, "a1 38fe 01", "unknown parameter -255");
	assert_refused(state, "a2 0e 01 0e 02", "same key twice");
	assert_refused(state, "a2 0e 01 05 02", "ascending");
	assert_refused(state, "a1 0e 20", "unsigned");
	assert_refused(state, "a1 0e 1801", "shortest");
	assert_refused(state, "a1 01 41 00", "16 bytes, not 1");
	assert_refused(state, "a1 01 d871 41 00", "tag is not 112");
	assert_refused(state, "a1 02 4f 000102030405060708090a0b0c0d0e", "16 bytes, not 15");
	assert_refused(state, "a1 03 44 822f4100", "32 bytes, not 1");
	assert_refused(state, "a1 03 44 82024100", "older draft");
	assert_refused(state, "a1 03 44 82034100", "unknown digest algorithm 3");
	assert_refused(state, "a1 15 60", "1 to 4096");
	assert_refused(state, "a1 15 63 612062", "0x20");
	assert_refused(state, "a1 15 61 00", "0x00");
	assert_refused(state, "a1 181c 44 82068101", "unknown comparison 6");
	assert_refused(state, "a1 181c 43 820180", "1 to 8 parts");
	assert_refused(state, "a1 0e 01 00", "follow");
}

static void test_refuses_bad_shapes(void **state)
{
	assert_refused(state, "a1 181d 41 a0", "empty");
	assert_refused(state, "a1 181d 43 a10a00", "unknown wait event 10");
	assert_refused(state, "a1 181d 47 a1061a00015180", "not below 86400");
	assert_refused(state, "a1 181d 43 a10707", "not below 7");
	assert_refused(state, "a1 181d 44 a1048100", "2 items");
	assert_refused(state, "a1 181e 43 a10504", "not below 4");
	assert_refused(state, "a1 181e 43 a10600", "expected a tag");
	assert_refused(state, "a1 181e 43 a10900", "unknown key 9");
	assert_refused(state, "a1 13 44 d8618440", "tag 96");
	assert_refused(state, "a1 13 47 d8608440a0f680", "recipients");
	assert_refused(state, "a1 13 49 d8608441a1a0f68180", "protected header");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_reads_identity_digest_and_size, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_writes_what_it_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_set_keeps_what_override_replaces, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_copies_single_parameters, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_derives_a_uuid_from_an_enterprise_number, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_finds_the_priority_in_wait_info, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_finds_the_events_in_wait_info, set_up, tear_down),
		cmocka_unit_test(test_compares_versions),
		cmocka_unit_test_setup_teardown(
			test_custom_parameters_are_skipped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refuses_bad_values, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refuses_bad_shapes, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
