/* SPDX-License-Identifier: Apache-2.0 */
/* Room for blobs: asked of the file system, and little or not by what was said to be little. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <stdio.h>
#include <sys/statvfs.h>

#include "folder.h"
#include "store/blob_space.h"

static char root[64];

static int set_up(void **state)
{
	struct blob_store *store;
	snprintf(root, sizeof(root), "/tmp/suitd-test-space.XXXXXX");
	assert_non_null(mkdtemp(root));
	assert_int_equal(blob_store_open(root, &store, NULL), SU_OK);
	*state = store;
	return 0;
}

static int tear_down(void **state)
{
	struct blob_store *store = *state;
	blob_store_close(&store);
	folder_remove(root);
	return 0;
}

static void test_tells_what_is_free(void **state)
{
	struct statvfs info;
	uint64_t free_bytes;
	assert_int_equal(blob_space_free(*state, &free_bytes, NULL), SU_OK);
	assert_int_equal(statvfs(root, &info), 0);
	assert_in_range(free_bytes, 1, (uint64_t)info.f_blocks * info.f_frsize);
}

static void test_what_is_little(void **state)
{
	struct digest digest;
	assert_false(blob_space_is_low(*state));
	blob_space_watch(*state, UINT64_MAX);
	assert_true(blob_space_is_low(*state));
	blob_space_watch(*state, 1);
	assert_false(blob_space_is_low(*state));
	blob_space_watch(*state, 0);
	assert_false(blob_space_is_low(*state));
	assert_int_equal(blob_put(*state, su_span_str("x"), &digest, NULL), SU_OK);
	assert_false(blob_space_is_low(*state));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_tells_what_is_free, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_is_little, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
