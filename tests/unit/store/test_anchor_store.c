/* SPDX-License-Identifier: Apache-2.0 */
/* Trust anchors: in force once, revoked for good. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/anchor_store.h"
#include "store_fixture.h"

static const struct su_uuid vendors[] = { { { 1 } }, { { 2 } } };

static struct trust_anchor sample_anchor(unsigned n, enum anchor_purpose purpose)
{
	return (struct trust_anchor){ .id = uuid_of(n),
		.name = "build server",
		.purpose = purpose,
		.spki = su_span_of("\x30\x00\xff", 3),
		.key_type = "P-256",
		.thumbprint = su_span_str("thumbprint"),
		.n_vendor_ids = 2,
		.vendor_ids = vendors,
		.created_at_ms = NOW_MS };
}

static void test_comes_back_as_it_went(void **state)
{
	USE_FIXTURE(f, state);
	struct trust_anchor in = sample_anchor(1, ANCHOR_DEVICE), out;
	in.endpoint = "meter-7";
	begin(f);
	anchor_store_insert(&f->txn, &in, "trust");
	assert_true(anchor_store_get(&f->txn, f->arena, in.id, &out));
	assert_false(anchor_store_get(&f->txn, f->arena, uuid_of(99), &out));
	assert_true(anchor_store_get(&f->txn, f->arena, in.id, &out));
	commit(f);
	assert_string_equal(out.name, "build server");
	assert_int_equal(out.purpose, ANCHOR_DEVICE);
	assert_true(su_span_equal(out.spki, in.spki));
	assert_true(su_span_equal(out.thumbprint, in.thumbprint));
	assert_string_equal(out.key_type, "P-256");
	assert_int_equal(out.n_vendor_ids, 2);
	assert_true(su_uuid_equal(out.vendor_ids[1], vendors[1]));
	assert_int_equal(out.n_class_ids, 0);
	assert_string_equal(out.endpoint, "meter-7");
	assert_int_equal(out.revoked_at_ms, 0);
	assert_null(out.revocation_reason);
}

static void test_a_key_is_in_force_once_for_a_purpose(void **state)
{
	USE_FIXTURE(f, state);
	struct trust_anchor *list;
	const struct trust_anchor author = sample_anchor(1, ANCHOR_AUTHOR);
	const struct trust_anchor device = sample_anchor(2, ANCHOR_DEVICE);
	const struct trust_anchor again = sample_anchor(3, ANCHOR_AUTHOR);
	begin(f);
	anchor_store_insert(&f->txn, &author, "trust");
	anchor_store_insert(&f->txn, &device, "trust");
	commit(f);
	begin(f);
	anchor_store_insert(&f->txn, &again, "trust");
	assert_int_equal(commit_status(f), SU_CONFLICT);
	begin(f);
	anchor_store_revoke(&f->txn, author.id, "lost", NOW_MS + 1);
	anchor_store_insert(&f->txn, &again, "trust");
	assert_int_equal(anchor_store_list(&f->txn, f->arena, ANCHOR_AUTHOR, &list), 2);
	commit(f);
	assert_int_equal(list[0].revoked_at_ms, NOW_MS + 1);
	assert_string_equal(list[0].revocation_reason, "lost");
	assert_int_equal(list[1].revoked_at_ms, 0);
}

static void test_the_first_revocation_counts(void **state)
{
	USE_FIXTURE(f, state);
	struct trust_anchor out;
	const struct trust_anchor anchor = sample_anchor(1, ANCHOR_AUTHOR);
	begin(f);
	anchor_store_insert(&f->txn, &anchor, "trust");
	anchor_store_revoke(&f->txn, anchor.id, NULL, NOW_MS + 1);
	anchor_store_revoke(&f->txn, anchor.id, "too late", NOW_MS + 2);
	assert_true(anchor_store_get(&f->txn, f->arena, anchor.id, &out));
	assert_int_equal(out.revoked_at_ms, NOW_MS + 1);
	assert_null(out.revocation_reason);
	anchor_store_revoke(&f->txn, uuid_of(9), "x", NOW_MS);
	assert_int_equal(commit_status(f), SU_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_comes_back_as_it_went),
		STORE_TEST(test_a_key_is_in_force_once_for_a_purpose),
		STORE_TEST(test_the_first_revocation_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
