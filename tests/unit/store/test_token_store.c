/* SPDX-License-Identifier: Apache-2.0 */
/* Bearer tokens and who did what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/audit_store.h"
#include "store/token_store.h"
#include "store_fixture.h"

static const struct token operator_token = { .id = { { 1 } },
	.name = "night shift",
	.role = ROLE_OPERATOR,
	.created_at_ms = NOW_MS,
	.expires_at_ms = NOW_MS + 1000 };

static void insert(struct store_fixture *f, const struct token *token, const char *secret)
{
	const struct digest hash = digest_of(secret);
	begin(f);
	token_store_insert(&f->txn, token, digest_span(&hash), "admin");
}

static bool find(struct store_fixture *f, const char *secret, struct token *out)
{
	const struct digest hash = digest_of(secret);
	begin(f);
	bool found = token_store_find(&f->txn, f->arena, digest_span(&hash), out);
	commit(f);
	return found;
}

static void test_found_by_the_hash_of_its_secret(void **state)
{
	USE_FIXTURE(f, state);
	struct token token;
	insert(f, &operator_token, "secret");
	commit(f);
	assert_false(find(f, "Secret", &token));
	assert_true(find(f, "secret", &token));
	assert_true(su_uuid_equal(token.id, operator_token.id));
	assert_string_equal(token.name, "night shift");
	assert_int_equal(token.role, ROLE_OPERATOR);
	assert_int_equal(token.created_at_ms, NOW_MS);
	assert_int_equal(token.expires_at_ms, NOW_MS + 1000);
	assert_int_equal(token.revoked_at_ms, 0);
}

static void test_names_are_unique(void **state)
{
	USE_FIXTURE(f, state);
	struct token second = operator_token;
	second.id = uuid_of(2);
	insert(f, &operator_token, "one");
	commit(f);
	insert(f, &second, "two");
	assert_int_equal(commit_status(f), SU_CONFLICT);
	assert_string_equal(f->txn.error.field, "name");
}

static void test_revoked_stays_known_with_the_first_time(void **state)
{
	USE_FIXTURE(f, state);
	struct token token, *list;
	insert(f, &operator_token, "secret");
	token_store_revoke(&f->txn, operator_token.id, NOW_MS + 5);
	token_store_revoke(&f->txn, operator_token.id, NOW_MS + 6);
	commit(f);
	assert_true(find(f, "secret", &token));
	assert_int_equal(token.revoked_at_ms, NOW_MS + 5);
	begin(f);
	assert_int_equal(token_store_list(&f->txn, f->arena, &list), 1);
	commit(f);
	assert_int_equal(list[0].revoked_at_ms, NOW_MS + 5);
}

static void test_revoking_an_unknown_one(void **state)
{
	USE_FIXTURE(f, state);
	begin(f);
	token_store_revoke(&f->txn, uuid_of(77), NOW_MS);
	assert_int_equal(commit_status(f), SU_NOT_FOUND);
}

static void append(struct store_fixture *f, const char *action, const char *detail)
{
	const struct audit_entry entry = { .at_ms = NOW_MS,
		.actor = "ops",
		.action = action,
		.subject = "sha256:00",
		.detail_json = detail };
	audit_store_append(&f->txn, &entry);
}

static void test_audit_pages_from_the_newest(void **state)
{
	USE_FIXTURE(f, state);
	struct audit_entry *page;
	begin(f);
	append(f, "first", NULL);
	append(f, "second", "{\"why\": \"tested\"}");
	append(f, "third", NULL);
	commit(f);
	begin(f);
	assert_int_equal(audit_store_list(&f->txn, f->arena, 0, 2, &page), 2);
	assert_string_equal(page[0].action, "third");
	assert_string_equal(page[0].detail_json, "{}");
	assert_string_equal(page[1].action, "second");
	assert_string_equal(page[1].detail_json, "{\"why\": \"tested\"}");
	assert_int_equal(page[1].at_ms, NOW_MS);
	assert_int_equal(audit_store_list(&f->txn, f->arena, page[1].id, 2, &page), 1);
	assert_string_equal(page[0].action, "first");
	commit(f);
}

static void test_audit_detail_must_be_json(void **state)
{
	USE_FIXTURE(f, state);
	begin(f);
	append(f, "bad", "{not json");
	assert_int_equal(commit_status(f), SU_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_found_by_the_hash_of_its_secret),
		STORE_TEST(test_names_are_unique),
		STORE_TEST(test_revoked_stays_known_with_the_first_time),
		STORE_TEST(test_revoking_an_unknown_one),
		STORE_TEST(test_audit_pages_from_the_newest),
		STORE_TEST(test_audit_detail_must_be_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
