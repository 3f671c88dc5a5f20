/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoint names that are allowed, and look-ups in what a device told. */
#include "model/device.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_LEN(a)   (sizeof(a) / sizeof((a)[0]))
#define BYTES(literal) su_span_of(literal, sizeof(literal) - 1)

static void test_endpoint_names(void **state)
{
	static const char *const good[] = { "x", "sensor-1", "urn:dev:mac:0024befffe804ff1",
		"caf\u00e9 3/4", "\u6e29\u5ea6\u8ba1" };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_int_equal(endpoint_check(su_span_str(good[i]), NULL), SU_OK);
}

static void test_endpoint_length(void **state)
{
	char name[ENDPOINT_MAX_BYTES + 1];
	struct su_error err = { 0 };
	(void)state;
	memset(name, 'x', sizeof(name));
	assert_int_equal(endpoint_check(su_span_of(name, ENDPOINT_MAX_BYTES), NULL), SU_OK);
	assert_int_equal(endpoint_check(su_span_of(name, sizeof(name)), &err), SU_INVALID);
	assert_string_equal(err.field, "endpoint");
	assert_int_equal(endpoint_check(SU_SPAN_EMPTY, &err), SU_INVALID);
}

static void test_bad_endpoint_names(void **state)
{
	const struct {
		struct su_span name;
		const char *message;
	} bad[] = {
		{ BYTES("a\nb"), "cannot be shown at offset 1" },
		{ BYTES("\0"), "cannot be shown at offset 0" },
		{ BYTES("abc\x7f"), "cannot be shown at offset 3" },
		{ BYTES("\xc3\xa9\xc2\x85"), "cannot be shown at offset 2" },
		{ BYTES("x\xe2\x80\xae"), "cannot be shown at offset 1" },
		{ BYTES("ab\xff"), "not UTF-8 at offset 2" },
		{ BYTES("ab\xc3"), "not UTF-8 at offset 2" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct su_error err = { 0 };
		assert_int_equal(endpoint_check(bad[i].name, &err), SU_INVALID);
		assert_non_null(strstr(err.text, bad[i].message));
	}
}

static void test_look_ups(void **state)
{
	static const struct su_uuid vendor = { { 1 } }, class = { { 2 } }, other = { { 3 } };
	struct characteristics told = { .n_vendor_ids = 1, .n_class_ids = 2, .n_components = 2 };
	(void)state;
	told.vendor_ids[0] = vendor;
	told.class_ids[0] = other;
	told.class_ids[1] = class;
	told.components[0].id.encoded = BYTES("\x81\x41\x00");
	told.components[1].id.encoded = BYTES("\x81\x41\x01");
	assert_true(characteristics_have_vendor(&told, vendor));
	assert_false(characteristics_have_vendor(&told, class));
	assert_true(characteristics_have_class(&told, class));
	assert_false(characteristics_have_class(&told, vendor));
	/* Rows beyond the number told do not count. */
	told.n_class_ids = 1;
	assert_false(characteristics_have_class(&told, class));
	struct component_id id = { BYTES("\x81\x41\x01") };
	assert_ptr_equal(characteristics_component(&told, id), &told.components[1]);
	told.n_components = 1;
	assert_null(characteristics_component(&told, id));
}

static void test_words(void **state)
{
	(void)state;
	assert_string_equal(name_of(transport_names, TRANSPORT_COAP), "coap");
	assert_string_equal(name_of(transport_names, TRANSPORT_COAPS), "coaps");
	assert_string_equal(name_of(transport_names, TRANSPORT_HTTP), "http");
	assert_string_equal(name_of(transport_names, TRANSPORT_HTTPS), "https");
	assert_string_equal(name_of(envelope_form_names, ENVELOPE_FULL), "full");
	assert_string_equal(name_of(envelope_form_names, ENVELOPE_SEVERED), "severed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_endpoint_names),
		cmocka_unit_test(test_endpoint_length),
		cmocka_unit_test(test_bad_endpoint_names),
		cmocka_unit_test(test_look_ups),
		cmocka_unit_test(test_words),
	};
	return cmocka_run_group_tests_name("device", tests, NULL, NULL);
}
