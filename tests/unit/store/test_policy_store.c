/* SPDX-License-Identifier: Apache-2.0 */
/* Versions of the policy document. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/policy_store.h"
#include "store_fixture.h"

static enum su_status save(struct store_fixture *f, int64_t version, const char *text)
{
	const struct policy_record record = { version, text, "night shift", NOW_MS };
	begin(f);
	policy_store_insert(&f->txn, &record);
	return commit_status(f);
}

static void test_the_highest_version_holds(void **state)
{
	USE_FIXTURE(f, state);
	struct policy_record record;
	begin(f);
	assert_false(policy_store_current(&f->txn, f->arena, &record));
	commit(f);
	assert_int_equal(save(f, 1, "{\"a\":1}"), SU_OK);
	assert_int_equal(save(f, 2, "{\"a\":2}"), SU_OK);
	begin(f);
	assert_true(policy_store_current(&f->txn, f->arena, &record));
	commit(f);
	assert_int_equal(record.version, 2);
	assert_string_equal(record.text, "{\"a\":2}");
	assert_string_equal(record.saved_by, "night shift");
	assert_int_equal(record.saved_at_ms, NOW_MS);
}

static void test_two_cannot_follow_the_same(void **state)
{
	USE_FIXTURE(f, state);
	struct policy_record record;
	assert_int_equal(save(f, 1, "{\"a\":1}"), SU_OK);
	assert_int_equal(save(f, 1, "{\"a\":2}"), SU_STALE);
	begin(f);
	assert_true(policy_store_get(&f->txn, f->arena, 1, &record));
	assert_false(policy_store_get(&f->txn, f->arena, 2, &record));
	commit(f);
	assert_string_equal(record.text, "{\"a\":1}");
}

static void test_listed_newest_first(void **state)
{
	USE_FIXTURE(f, state);
	struct policy_record *records;
	for (int64_t version = 1; version <= 3; version++)
		assert_int_equal(save(f, version, "{}"), SU_OK);
	begin(f);
	assert_int_equal(policy_store_list(&f->txn, f->arena, 0, 2, &records), 2);
	assert_int_equal(records[0].version, 3);
	assert_null(records[0].text);
	assert_int_equal(policy_store_list(&f->txn, f->arena, 2, 2, &records), 1);
	assert_int_equal(records[0].version, 1);
	commit(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_the_highest_version_holds),
		STORE_TEST(test_two_cannot_follow_the_same),
		STORE_TEST(test_listed_newest_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
