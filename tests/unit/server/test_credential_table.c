/* SPDX-License-Identifier: Apache-2.0 */
/* The table of credentials in memory: found by name and token, renewed, forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "server/credential_table.h"

static void put(
	struct credential_table *table, const char *endpoint, const char *psk, const uint8_t *hash)
{
	credential_table_put(
		table, &(struct device_secret){
			       .endpoint = endpoint,
			       .psk = su_span_str(psk),
			       .token_hash = su_span_of(hash, hash ? CREDENTIAL_HASH_BYTES : 0),
		       });
}

static void test_finds_by_name_and_token(void **state)
{
	(void)state;
	struct credential_table *table = credential_table_new();
	uint8_t hash[CREDENTIAL_HASH_BYTES] = { 1, 2, 3 }, other[CREDENTIAL_HASH_BYTES] = { 1 };
	put(table, "a", "0123456789abcdef", NULL);
	put(table, "b", NULL, hash);
	const struct device_secret *a = credential_table_find(table, su_span_str("a"));
	assert_true(su_span_equal_str(a->psk, "0123456789abcdef"));
	assert_int_equal(a->token_hash.len, 0);
	assert_string_equal(credential_table_find_token(table, hash)->endpoint, "b");
	assert_null(credential_table_find_token(table, other));
	assert_null(credential_table_find(table, su_span_str("c")));
	assert_null(credential_table_find(table, su_span_str("")));
	credential_table_free(&table);
	assert_null(table);
}

static void test_a_new_key_is_a_new_generation(void **state)
{
	(void)state;
	struct credential_table *table = credential_table_new();
	put(table, "a", "0123456789abcdef", NULL);
	uint64_t first = credential_table_find(table, su_span_str("a"))->generation;
	put(table, "a", "0123456789abcdef", NULL);
	assert_int_equal(credential_table_find(table, su_span_str("a"))->generation, first);
	put(table, "a", "0123456789abcdeX", NULL);
	assert_int_not_equal(credential_table_find(table, su_span_str("a"))->generation, first);
	credential_table_remove(table, su_span_str("a"));
	put(table, "a", "0123456789abcdef", NULL);
	assert_int_not_equal(credential_table_find(table, su_span_str("a"))->generation, first);
	credential_table_free(&table);
}

static void test_an_old_token_is_forgotten(void **state)
{
	(void)state;
	struct credential_table *table = credential_table_new();
	uint8_t old[CREDENTIAL_HASH_BYTES] = { 1 }, new[CREDENTIAL_HASH_BYTES] = { 2 };
	put(table, "a", NULL, old);
	put(table, "a", NULL, new);
	assert_null(credential_table_find_token(table, old));
	assert_non_null(credential_table_find_token(table, new));
	put(table, "a", NULL, NULL);
	assert_null(credential_table_find_token(table, new));
	put(table, "a", NULL, new);
	credential_table_remove(table, su_span_str("a"));
	assert_null(credential_table_find_token(table, new));
	assert_int_equal(credential_table_count(table), 0);
	credential_table_free(&table);
}

static void test_reload_drops_what_did_not_come_again(void **state)
{
	(void)state;
	struct credential_table *table = credential_table_new();
	put(table, "a", "0123456789abcdef", NULL);
	put(table, "b", "0123456789abcdef", NULL);
	credential_table_begin_reload(table);
	put(table, "b", "0123456789abcdef", NULL);
	credential_table_end_reload(table);
	assert_null(credential_table_find(table, su_span_str("a")));
	assert_non_null(credential_table_find(table, su_span_str("b")));
	credential_table_free(&table);
}

static void test_holds_many(void **state)
{
	(void)state;
	struct credential_table *table = credential_table_new();
	char name[16];
	for (uint32_t i = 0; i < 5000; i++) {
		uint8_t hash[CREDENTIAL_HASH_BYTES] = { 0 };
		memcpy(hash, &i, sizeof(i));
		snprintf(name, sizeof(name), "device-%u", i);
		put(table, name, "0123456789abcdef", hash);
	}
	assert_int_equal(credential_table_count(table), 5000);
	for (uint32_t i = 0; i < 5000; i++) {
		uint8_t hash[CREDENTIAL_HASH_BYTES] = { 0 };
		memcpy(hash, &i, sizeof(i));
		snprintf(name, sizeof(name), "device-%u", i);
		assert_non_null(credential_table_find(table, su_span_str(name)));
		assert_string_equal(credential_table_find_token(table, hash)->endpoint, name);
	}
	credential_table_free(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_by_name_and_token),
		cmocka_unit_test(test_a_new_key_is_a_new_generation),
		cmocka_unit_test(test_an_old_token_is_forgotten),
		cmocka_unit_test(test_reload_drops_what_did_not_come_again),
		cmocka_unit_test(test_holds_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
