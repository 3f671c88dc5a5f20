/* SPDX-License-Identifier: Apache-2.0 */
/* Approvals of releases: one for each approver, told for several releases at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/approval_store.h"
#include "store_fixture.h"

static void give(struct store_fixture *f, const struct release *release, enum approver as,
	const char *by, int64_t at_ms)
{
	const struct approval approval = { as, by, at_ms, "flaw: release.kind is 'security'" };
	begin(f);
	approval_store_lock(&f->txn, &release->digest);
	approval_store_insert(&f->txn, &release->digest, &approval);
	commit(f);
}

static void test_each_approver_agrees_once(void **state)
{
	USE_FIXTURE(f, state);
	struct release releases[2] = { sample_release(f, "one", 1), sample_release(f, "two", 2) };
	struct approvals *given;
	store_release(f, &releases[0]);
	store_release(f, &releases[1]);
	give(f, &releases[1], APPROVER_OPERATOR, "ann", NOW_MS);
	give(f, &releases[1], APPROVER_OPERATOR, "bob", NOW_MS + 1);
	give(f, &releases[1], APPROVER_NETWORK_OPERATOR, "carl", NOW_MS + 2);
	begin(f);
	approval_store_list(&f->txn, f->arena, releases, 2, &given);
	commit(f);
	assert_int_equal(given[0].n, 0);
	assert_int_equal(given[1].n, 2);
	assert_int_equal(given[1].list[0].as, APPROVER_OPERATOR);
	assert_string_equal(given[1].list[0].by, "ann");
	assert_int_equal(given[1].list[0].at_ms, NOW_MS);
	assert_string_equal(given[1].list[0].reason, "flaw: release.kind is 'security'");
	assert_int_equal(given[1].list[1].as, APPROVER_NETWORK_OPERATOR);
}

static void test_a_note_raises_the_row_version(void **state)
{
	USE_FIXTURE(f, state);
	struct release release = sample_release(f, "one", 1);
	store_release(f, &release);
	begin(f);
	approval_store_note(&f->txn, &release.digest);
	assert_true(release_store_get(&f->txn, f->arena, &release.digest, &release));
	commit(f);
	assert_int_equal(release.row_version, 2);
	assert_int_equal(release.state, RELEASE_INCOMPLETE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_each_approver_agrees_once),
		STORE_TEST(test_a_note_raises_the_row_version),
	};
	return cmocka_run_group_tests_name("approval_store", tests, NULL, NULL);
}
