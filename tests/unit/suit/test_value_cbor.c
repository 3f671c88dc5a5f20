/* SPDX-License-Identifier: Apache-2.0 */
/* Digests, versions, component identifiers and URIs as CBOR: both ways, and each way to be wrong. */
#include "suit/value_cbor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"

#define ARRAY_LEN(a)   (sizeof(a) / sizeof((a)[0]))
#define BYTES(literal) su_span_of(literal, sizeof(literal) - 1)

#define ZEROS_31 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

static void read_digest(struct cbor *cursor)
{
	struct digest digest;
	value_cbor_read_digest(cursor, &digest);
}

static void read_version(struct cbor *cursor)
{
	struct version version;
	value_cbor_read_version(cursor, &version);
}

static void read_component(struct cbor *cursor)
{
	(void)value_cbor_read_component(cursor);
}

static void read_uri(struct cbor *cursor)
{
	(void)value_cbor_read_uri(cursor);
}

static void assert_refused(void (*read)(struct cbor *cursor), struct su_span input,
	enum su_status status, const char *message)
{
	struct cbor cursor = cbor_open(input, true);
	struct su_error err = { 0 };
	read(&cursor);
	assert_int_equal(cbor_done(&cursor, &err), status);
	if (!strstr(err.text, message))
		fail_msg("\"%s\" lacks \"%s\"", err.text, message);
}

static void test_digest_both_ways(void **state)
{
	static const struct digest digests[] = {
		{ DIGEST_SHA256, 32, { 1, 2 } },
		{ DIGEST_SHA384, 48, { 3 } },
		{ DIGEST_SHA512, 64, { 4 } },
		{ DIGEST_SHAKE128, 32, { 5 } },
		{ DIGEST_SHAKE256, 64, { 6 } },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(digests); i++) {
		struct su_buf out su_auto(su_buf_free) = { 0 };
		struct digest again;
		value_cbor_put_digest(&out, &digests[i]);
		struct cbor cursor = cbor_open(su_buf_span(&out), true);
		value_cbor_read_digest(&cursor, &again);
		assert_int_equal(cbor_done(&cursor, NULL), SU_OK);
		assert_true(digest_equal(&again, &digests[i]));
	}
}

static void test_bad_digests(void **state)
{
	(void)state;
	assert_refused(read_digest, BYTES("\x81\x2f"), SU_INVALID, "2 items, not 1");
	assert_refused(read_digest, BYTES("\x83\x2f\x40\x40"), SU_INVALID, "2 items, not 3");
	assert_refused(read_digest, BYTES("\x82\x2f\x40"), SU_INVALID, "32 bytes, not 0");
	assert_refused(
		read_digest, BYTES("\x82\x2f\x58\x1f" ZEROS_31), SU_INVALID, "32 bytes, not 31");
	assert_refused(read_digest, BYTES("\x82\x2f\x58\x21\1\2" ZEROS_31), SU_INVALID,
		"32 bytes, not 33");
	assert_refused(read_digest, BYTES("\x82\x02\x40"), SU_UNSUPPORTED, "algorithm 2");
	assert_refused(read_digest, BYTES("\x82\x00\x40"), SU_UNSUPPORTED, "algorithm 0");
	/* -16 - 2^32 must not be taken for -16. */
	assert_refused(read_digest, BYTES("\x82\x3b\0\0\0\1\0\0\0\x0f\x40"), SU_UNSUPPORTED,
		"algorithm -4294967312");
}

static void test_version_both_ways(void **state)
{
	static const struct version versions[] = {
		{ 1, { 0 } },
		{ 4, { 1, 2, -1, 3 } },
		{ 8, { 1, 2, 3, 4, 5, 6, 7, INT64_MIN } },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		struct su_buf out su_auto(su_buf_free) = { 0 };
		struct version again;
		value_cbor_put_version(&out, &versions[i]);
		struct cbor cursor = cbor_open(su_buf_span(&out), true);
		value_cbor_read_version(&cursor, &again);
		assert_int_equal(cbor_done(&cursor, NULL), SU_OK);
		assert_memory_equal(&again, &versions[i], sizeof(again));
	}
}

static void test_bad_versions(void **state)
{
	(void)state;
	assert_refused(read_version, BYTES("\x80"), SU_INVALID, "1 to 8 parts, not 0");
	assert_refused(
		read_version, BYTES("\x89\0\0\0\0\0\0\0\0\0"), SU_INVALID, "1 to 8 parts, not 9");
	assert_refused(read_version, BYTES("\x01"), SU_INVALID, "");
	assert_refused(read_version, BYTES("\x81\x61\x31"), SU_INVALID, "");
	assert_refused(read_version, BYTES("\x82\x01"), SU_INVALID, "");
	struct version version = { 3, { 1, 2, 3 } };
	struct cbor cursor = cbor_open(BYTES("\x82\x01\x40"), true);
	value_cbor_read_version(&cursor, &version);
	assert_false(cbor_ok(&cursor));
	assert_int_equal(version.n_parts, 0);
}

static void test_component_keeps_its_place(void **state)
{
	struct su_span input = BYTES("\x82\x44"
				     "boot"
				     "\x41\x01");
	(void)state;
	struct cbor cursor = cbor_open(input, true);
	struct component_id id = value_cbor_read_component(&cursor);
	assert_int_equal(cbor_done(&cursor, NULL), SU_OK);
	assert_ptr_equal(id.encoded.data, input.data);
	assert_int_equal(id.encoded.len, input.len);
	assert_refused(read_component, BYTES("\x80"), SU_INVALID, "component identifier ");
	assert_refused(read_component, BYTES("\x81\x01"), SU_INVALID, "component identifier ");
	assert_refused(read_component, BYTES("\x82\x41\x01"), SU_INVALID, "");
}

static void test_uri_bounds(void **state)
{
	struct su_buf out su_auto(su_buf_free) = { 0 };
	char uri[URI_MAX_BYTES + 2] = { 0 };
	(void)state;
	memset(uri, 'u', URI_MAX_BYTES);
	cbor_put_tstr(&out, uri);
	struct cbor cursor = cbor_open(su_buf_span(&out), true);
	assert_int_equal(value_cbor_read_uri(&cursor).len, URI_MAX_BYTES);
	assert_int_equal(cbor_done(&cursor, NULL), SU_OK);

	su_buf_clear(&out);
	uri[URI_MAX_BYTES] = 'u';
	cbor_put_tstr(&out, uri);
	assert_refused(read_uri, su_buf_span(&out), SU_INVALID, "1 to 4096 bytes, not 4097");
	assert_refused(read_uri, BYTES("\x60"), SU_INVALID, "not 0");
}

static void test_uri_characters(void **state)
{
	(void)state;
	assert_refused(read_uri,
		BYTES("\x63"
		      "a b"),
		SU_INVALID, "0x20");
	assert_refused(read_uri,
		BYTES("\x62"
		      "a\n"),
		SU_INVALID, "0x0a");
	assert_refused(read_uri, BYTES("\x61\x7f"), SU_INVALID, "0x7f");
	assert_refused(read_uri, BYTES("\x62\xc3\xa9"), SU_INVALID, "0xc3");
	assert_refused(read_uri,
		BYTES("\x41"
		      "a"),
		SU_INVALID, "");
}

static void test_adopted_faults_name_their_place(void **state)
{
	struct su_error err = { 0 };
	(void)state;
	struct cbor outer = cbor_open(BYTES("\x41\x01"), true);
	struct cbor inner = cbor_open(cbor_bstr(&outer), true);
	read_version(&inner);
	value_cbor_adopt(&outer, &inner, "version");
	assert_int_equal(cbor_done(&outer, &err), SU_INVALID);
	assert_memory_equal(err.text, "version: ", 9);

	/* Bytes that the inner reader left are a fault, too. */
	outer = cbor_open(BYTES("\x43\x81\x01\x00"), true);
	inner = cbor_open(cbor_bstr(&outer), true);
	read_version(&inner);
	value_cbor_adopt(&outer, &inner, NULL);
	assert_int_equal(cbor_done(&outer, NULL), SU_INVALID);

	outer = cbor_open(BYTES("\x42\x81\x01"), true);
	inner = cbor_open(cbor_bstr(&outer), true);
	read_version(&inner);
	value_cbor_adopt(&outer, &inner, "version");
	assert_int_equal(cbor_done(&outer, NULL), SU_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_digest_both_ways),
		cmocka_unit_test(test_bad_digests),
		cmocka_unit_test(test_version_both_ways),
		cmocka_unit_test(test_bad_versions),
		cmocka_unit_test(test_component_keeps_its_place),
		cmocka_unit_test(test_uri_bounds),
		cmocka_unit_test(test_uri_characters),
		cmocka_unit_test(test_adopted_faults_name_their_place),
	};
	return cmocka_run_group_tests_name("value_cbor", tests, NULL, NULL);
}
