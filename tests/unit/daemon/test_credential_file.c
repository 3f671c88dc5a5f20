/* SPDX-License-Identifier: Apache-2.0 */
/* Which key is taken, and that one is made only when none is configured. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "daemon/credential_file.h"
#include "daemon/small_file.h"

#define SOME_KEY  "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"
#define OTHER_KEY "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"

struct fixture {
	char folder[64], made[96], named[96], credential[96];
	struct config config;
};

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
	struct fixture *fixture = su_new(struct fixture);
	snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/suitd-test-key.XXXXXX");
	if (!mkdtemp(fixture->folder))
		return -1;
	snprintf(fixture->made, sizeof(fixture->made), "%s/credential.key", fixture->folder);
	snprintf(fixture->named, sizeof(fixture->named), "%s/named", fixture->folder);
	snprintf(fixture->credential, sizeof(fixture->credential), "%s/credential-key",
		fixture->folder);
	fixture->config.storage.directory = fixture->folder;
	unsetenv("CREDENTIALS_DIRECTORY");
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	unlink(fixture->made);
	unlink(fixture->named);
	unlink(fixture->credential);
	int status = rmdir(fixture->folder);
	free(fixture);
	return status;
}

/* Two keys are the same when one opens what the other sealed. */
static bool is_key(const struct credential_key *key, const char *text)
{
	struct credential_key *expected su_auto(credential_key_free) = NULL;
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct su_span psk = su_span_str("0123456789abcdef"), sealed, opened;
	assert_int_equal(credential_key_new(su_span_str(text), &expected, NULL), SU_OK);
	assert_int_equal(credential_seal_psk(key, arena, "lamp", psk, &sealed, NULL), SU_OK);
	return credential_open_psk(expected, arena, "lamp", sealed, &opened, NULL) == SU_OK;
}

static void test_makes_one_and_keeps_it(void **state)
{
	struct fixture *fixture = *state;
	struct credential_key *key su_auto(credential_key_free) = NULL;
	struct su_buf made su_auto(su_buf_free) = { 0 };
	struct stat st;
	assert_int_equal(credential_file_load(&fixture->config, &key, NULL), SU_OK);
	assert_int_equal(stat(fixture->made, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(small_file_read(fixture->made, 100, &made, NULL), SU_OK);
	assert_int_equal(made.len, 65);
	assert_true(is_key(key, su_buf_str(&made)));
	credential_key_free(&key);
	assert_int_equal(credential_file_load(&fixture->config, &key, NULL), SU_OK);
	assert_true(is_key(key, su_buf_str(&made)));
}

static void test_takes_the_named_file(void **state)
{
	struct fixture *fixture = *state;
	struct credential_key *key su_auto(credential_key_free) = NULL;
	write_file(fixture->named, SOME_KEY);
	fixture->config.security.credential_key_file = fixture->named;
	assert_int_equal(credential_file_load(&fixture->config, &key, NULL), SU_OK);
	assert_true(is_key(key, SOME_KEY));
	assert_int_not_equal(access(fixture->made, F_OK), 0);
}

static void test_prefers_the_credential_of_systemd(void **state)
{
	struct fixture *fixture = *state;
	struct credential_key *key su_auto(credential_key_free) = NULL;
	write_file(fixture->named, SOME_KEY);
	write_file(fixture->credential, OTHER_KEY);
	fixture->config.security.credential_key_file = fixture->named;
	setenv("CREDENTIALS_DIRECTORY", fixture->folder, 1);
	assert_int_equal(credential_file_load(&fixture->config, &key, NULL), SU_OK);
	assert_true(is_key(key, OTHER_KEY));
}

static void test_refuses_a_bad_file_and_does_not_replace_it(void **state)
{
	struct fixture *fixture = *state;
	struct credential_key *key = NULL;
	struct su_error err = { 0 };
	fixture->config.security.credential_key_file = fixture->named;
	assert_int_equal(credential_file_load(&fixture->config, &key, &err), SU_NOT_FOUND);
	write_file(fixture->named, "too short\n");
	assert_int_equal(credential_file_load(&fixture->config, &key, &err), SU_INVALID);
	assert_non_null(strstr(err.text, fixture->named));
	assert_null(key);
	fixture->config.security.credential_key_file = NULL;
	write_file(fixture->made, "");
	assert_int_equal(credential_file_load(&fixture->config, &key, &err), SU_INVALID);
}

static void test_reads_small_files_only(void **state)
{
	struct fixture *fixture = *state;
	struct su_buf text su_auto(su_buf_free) = { 0 };
	struct su_error err = { 0 };
	write_file(fixture->named, "0123456789");
	assert_int_equal(small_file_read(fixture->named, 9, &text, &err), SU_TOO_LARGE);
	su_buf_clear(&text);
	assert_int_equal(small_file_read(fixture->named, 10, &text, &err), SU_OK);
	assert_string_equal(su_buf_str(&text), "0123456789");
	assert_int_equal(small_file_read(fixture->folder, 10, &text, &err), SU_IO);
	assert_int_equal(small_file_read(fixture->made, 10, &text, &err), SU_NOT_FOUND);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_makes_one_and_keeps_it),
		TEST(test_takes_the_named_file),
		TEST(test_prefers_the_credential_of_systemd),
		TEST(test_refuses_a_bad_file_and_does_not_replace_it),
		TEST(test_reads_small_files_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
