/* SPDX-License-Identifier: Apache-2.0 */
/* Facts are shared by release and generation, and given up when others need their place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "tracker/release_shelf.h"

static struct release_facts *facts_of(uint8_t release)
{
	const uint8_t bytes[32] = { release };
	struct release_facts *facts = su_new(struct release_facts);
	facts->refs = 1;
	facts->arena = su_arena_new();
	facts->release = digest_sha256(bytes);
	return facts;
}

static void test_one_release_is_kept_once(void **state)
{
	(void)state;
	struct release_shelf *shelf su_auto(release_shelf_free) = release_shelf_new();
	struct release_facts *first su_auto(release_facts_unref) = facts_of(1);
	struct release_facts *second su_auto(release_facts_unref) = facts_of(1);
	struct release_facts *other su_auto(release_facts_unref) = facts_of(2);
	struct release_facts *none = NULL;
	release_shelf_share(shelf, 7, &first);
	release_shelf_share(shelf, 7, &second);
	release_shelf_share(shelf, 7, &other);
	release_shelf_share(shelf, 7, &none);
	assert_ptr_equal(first, second);
	assert_ptr_not_equal(first, other);
	assert_int_equal(first->refs, 3);
	assert_null(none);
}

static void test_what_may_have_changed_is_replaced(void **state)
{
	(void)state;
	struct release_shelf *shelf su_auto(release_shelf_free) = release_shelf_new();
	struct release_facts *old su_auto(release_facts_unref) = facts_of(1);
	struct release_facts *fresh su_auto(release_facts_unref) = facts_of(1);
	struct release_facts *later su_auto(release_facts_unref) = facts_of(1);
	release_shelf_share(shelf, 7, &old);
	release_shelf_share(shelf, 8, &fresh);
	release_shelf_share(shelf, 8, &later);
	assert_ptr_not_equal(old, fresh);
	assert_ptr_equal(fresh, later);
	assert_int_equal(old->refs, 1);
}

static void test_there_are_few_places(void **state)
{
	(void)state;
	struct release_shelf *shelf su_auto(release_shelf_free) = release_shelf_new();
	struct release_facts *first su_auto(release_facts_unref) = facts_of(0);
	release_shelf_share(shelf, 1, &first);
	assert_int_equal(first->refs, 2);
	for (uint8_t i = 1; i < 100; i++) {
		struct release_facts *next = facts_of(i);
		release_shelf_share(shelf, 1, &next);
		release_facts_unref(&next);
	}
	assert_int_equal(first->refs, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_release_is_kept_once),
		cmocka_unit_test(test_what_may_have_changed_is_replaced),
		cmocka_unit_test(test_there_are_few_places),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
