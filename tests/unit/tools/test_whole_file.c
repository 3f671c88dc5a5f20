/* SPDX-License-Identifier: Apache-2.0 */
/* Files appear whole, with their mode, or not at all. */
#include "tools/whole_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/image_file.h"

static char folder[64];

static int set_up(void **state)
{
	strcpy(folder, "/tmp/suitd-whole-file-XXXXXX");
	*state = su_arena_new();
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	struct su_arena *arena = *state;
	unlink(su_arena_printf(arena, "%s/a", folder));
	rmdir(folder);
	su_arena_free(&arena);
	return 0;
}

static void test_round_trip(void **state)
{
	struct su_arena *arena = *state;
	const char *path = su_arena_printf(arena, "%s/a", folder);
	struct su_span back;
	struct stat info;
	struct su_error err = { 0 };
	assert_int_equal(whole_file_write(path, su_span_of("a\0b", 3), 0600, &err), SU_OK);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_int_equal(whole_file_read(arena, path, 3, &back, &err), SU_OK);
	assert_true(su_span_equal(back, su_span_of("a\0b", 3)));
	assert_int_equal(whole_file_read(arena, path, 2, &back, &err), SU_TOO_LARGE);
}

static void test_absent(void **state)
{
	struct su_arena *arena = *state;
	struct su_span back;
	struct su_error err = { 0 };
	assert_int_equal(whole_file_read(arena, "/nowhere/at/all", 10, &back, &err), SU_IO);
	assert_string_equal(err.field, "/nowhere/at/all");
	assert_int_equal(whole_file_write("/nowhere/at/all", back, 0644, &err), SU_IO);
}

static void test_image_digest(void **state)
{
	struct su_arena *arena = *state;
	const char *path = su_arena_printf(arena, "%s/a", folder);
	struct digest digest;
	uint64_t size = 0;
	char text[DIGEST_TEXT_SIZE];
	struct su_error err = { 0 };
	assert_int_equal(whole_file_write(path, su_span_str("abc"), 0644, &err), SU_OK);
	assert_int_equal(image_file_digest(path, DIGEST_SHA256, &digest, &size, &err), SU_OK);
	digest_format(&digest, text);
	/* FIPS 180-4, the example of one block. */
	assert_string_equal(
		text, "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(size, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_absent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_image_digest, set_up, tear_down),
	};
	return cmocka_run_group_tests_name("whole_file", tests, NULL, NULL);
}
