/* SPDX-License-Identifier: Apache-2.0 */
/* The header fields of resumable uploads. */
#include "server/http_tus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "http_call_fixture.h"

static void test_asks_for_its_version(void **state)
{
	(void)state;
	const char *const rows[] = { NULL, "0.2.2", "1.0", "" };
	struct call_fixture fixture;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_call *call = call_fixture_init(&fixture, "/");
		if (rows[i])
			call_fixture_header(&fixture, "Tus-Resumable", rows[i]);
		assert_int_not_equal(http_tus_begin(call, NULL), SU_OK);
		assert_int_equal(call->reply.status, 412);
		call_fixture_free(&fixture);
	}
	struct http_call *call = call_fixture_init(&fixture, "/");
	call_fixture_header(&fixture, "Tus-Resumable", "1.0.0");
	assert_int_equal(http_tus_begin(call, NULL), SU_OK);
	assert_int_equal(call->reply.status, 0);
	call_fixture_free(&fixture);
}

static void test_reads_numbers(void **state)
{
	(void)state;
	const char *const bad[] = { "", "-1", "x", "1 ", "0x10", "9999999999999999999" };
	struct call_fixture fixture;
	uint64_t number = 0;
	struct http_call *call = call_fixture_init(&fixture, "/");
	assert_int_equal(http_tus_number(call, "Upload-Length", &number, NULL), SU_INVALID);
	call_fixture_header(&fixture, "Upload-Length", "2147483648");
	assert_int_equal(http_tus_number(call, "Upload-Length", &number, NULL), SU_OK);
	assert_int_equal(number, 2147483648);
	call_fixture_free(&fixture);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		call = call_fixture_init(&fixture, "/");
		call_fixture_header(&fixture, "Upload-Length", bad[i]);
		assert_int_equal(http_tus_number(call, "Upload-Length", &number, NULL), SU_INVALID);
		call_fixture_free(&fixture);
	}
}

static enum su_status digest_in(
	const char *metadata, struct call_fixture *fixture, const char **out)
{
	struct http_call *call = call_fixture_init(fixture, "/");
	if (metadata)
		call_fixture_header(fixture, "Upload-Metadata", metadata);
	return http_tus_metadata(call, "digest", out, NULL);
}

static void test_reads_metadata(void **state)
{
	(void)state;
	const char *const rows[][2] = {
		{ NULL, NULL },
		{ "", NULL },
		{ "filename YS5iaW4=", NULL },
		{ "digest YWJj", "abc" },
		{ "filename YS5iaW4=,digest YWJj", "abc" },
		{ "filename YS5iaW4= , digest YWJj ", "abc" },
		{ "flag,digest YWJj", "abc" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct call_fixture fixture;
		const char *digest;
		assert_int_equal(digest_in(rows[i][0], &fixture, &digest), SU_OK);
		if (rows[i][1])
			assert_string_equal(digest, rows[i][1]);
		else
			assert_null(digest);
		call_fixture_free(&fixture);
	}
}

static void test_refuses_bad_metadata(void **state)
{
	(void)state;
	const char *const rows[] = { "digest !!", "digest YWJ", ", digest YWJj", "digest YW Jj" };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct call_fixture fixture;
		const char *digest;
		assert_int_equal(digest_in(rows[i], &fixture, &digest), SU_INVALID);
		call_fixture_free(&fixture);
	}
}

static enum su_status checksum_in(const char *text, struct http_tus_checksum *out)
{
	struct call_fixture fixture;
	struct http_call *call = call_fixture_init(&fixture, "/");
	if (text)
		call_fixture_header(&fixture, "Upload-Checksum", text);
	enum su_status status = http_tus_checksum(call, out, NULL);
	call_fixture_free(&fixture);
	return status;
}

static void test_reads_checksums(void **state)
{
	(void)state;
	const char *const bad[] = { "", "sha1", "sha1 ", "sha1 !!", "sha1 YWJj x", " YWJj" };
	struct http_tus_checksum checksum;
	assert_int_equal(checksum_in(NULL, &checksum), SU_OK);
	assert_null(checksum.algorithm);
	assert_int_equal(checksum_in("sha1 YWJj", &checksum), SU_OK);
	assert_int_equal(checksum.sum.len, 3);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(checksum_in(bad[i], &checksum), SU_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asks_for_its_version),
		cmocka_unit_test(test_reads_numbers),
		cmocka_unit_test(test_reads_metadata),
		cmocka_unit_test(test_refuses_bad_metadata),
		cmocka_unit_test(test_reads_checksums),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
