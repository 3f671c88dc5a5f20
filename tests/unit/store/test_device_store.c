/* SPDX-License-Identifier: Apache-2.0 */
/* Devices and credentials, read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/credential_store.h"
#include "store/device_store.h"
#include "store_fixture.h"

static void test_comes_back_as_it_went(void **state)
{
	USE_FIXTURE(f, state);
	const struct device in = sample_device("meter \"7\", {Zürich}");
	const struct device out = store_device(f, &in);
	assert_true(out.id > 0);
	assert_string_equal(out.endpoint, in.endpoint);
	assert_true(su_uuid_equal(out.registration, in.registration));
	assert_int_equal(out.registered_at_ms, in.registered_at_ms);
	assert_int_equal(out.expires_at_ms, in.expires_at_ms);
	assert_int_equal(out.removed_at_ms, 0);
	assert_int_equal(out.lifetime_s, 86400);
	assert_int_equal(out.transport, TRANSPORT_COAPS);
	assert_string_equal(out.address, "[::1]:5683");
	assert_int_equal(out.envelope_form, ENVELOPE_SEVERED);
	assert_int_equal(out.row_version, 1);
	assert_int_equal(out.told.n_vendor_ids, 1);
	assert_true(su_uuid_equal(out.told.vendor_ids[0], in.told.vendor_ids[0]));
	assert_true(su_uuid_equal(out.told.class_ids[0], in.told.class_ids[0]));
	assert_false(out.told.has_device_id);
	assert_string_equal(out.told.serial, in.told.serial);
	assert_null(out.told.model);
	assert_true(out.told.has_battery);
	assert_int_equal(out.told.battery_mwh, 1200);
	assert_false(out.told.has_free_memory);
	assert_int_equal(out.told.n_components, 1);
	const struct installed_component *c = &out.told.components[0];
	assert_true(component_id_equal(c->id, in.told.components[0].id));
	assert_true(digest_equal(&c->digest, &in.told.components[0].digest));
	assert_true(c->has_sequence_number);
	assert_int_equal(c->sequence_number, 3);
	assert_int_equal(c->version.n_parts, 3);
	assert_false(c->has_size);
}

static void test_many_at_once(void **state)
{
	USE_FIXTURE(f, state);
	static const char *const names[] = { "b", "unknown", "a", "b" };
	struct device *devices;
	const struct device a = sample_device("a"), b = sample_device("b");
	store_device(f, &a);
	store_device(f, &b);
	begin(f);
	device_store_get_batch(&f->txn, f->arena, names, 4, &devices);
	commit(f);
	assert_string_equal(devices[0].endpoint, "b");
	assert_int_equal(devices[1].id, 0);
	assert_string_equal(devices[2].endpoint, "a");
	assert_int_equal(devices[3].id, devices[0].id);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(devices[i].told.n_components, i != 1);
}

static void test_by_registration(void **state)
{
	USE_FIXTURE(f, state);
	const struct device in = sample_device("a");
	store_device(f, &in);
	begin(f);
	assert_string_equal(device_store_by_registration(&f->txn, f->arena, in.registration), "a");
	assert_null(device_store_by_registration(&f->txn, f->arena, uuid_of(1)));
	commit(f);
}

static void test_list_in_pages(void **state)
{
	USE_FIXTURE(f, state);
	static const char *const names[] = { "a", "b", "c" };
	struct device *page;
	for (size_t i = 0; i < 3; i++) {
		const struct device device = sample_device(names[i]);
		store_device(f, &device);
	}
	begin(f);
	struct device_query query = { .limit = 2 };
	assert_int_equal(device_store_list(&f->txn, f->arena, &query, &page), 2);
	assert_string_equal(page[0].endpoint, "a");
	assert_int_equal(page[1].told.n_components, 1);
	query.after = page[1].endpoint;
	assert_int_equal(device_store_list(&f->txn, f->arena, &query, &page), 1);
	assert_string_equal(page[0].endpoint, "c");
	commit(f);
}

static void test_credentials(void **state)
{
	USE_FIXTURE(f, state);
	struct credential out, *list;
	const struct credential psk = { .endpoint = "a", .psk_sealed = su_span_of("\0\xff", 2) };
	const struct credential token = { .endpoint = "a", .token_hash = su_span_str("hash") };
	const struct credential other = { .endpoint = "b", .psk_sealed = su_span_str("x") };
	begin(f);
	credential_store_put(&f->txn, &psk, "ops", NOW_MS);
	credential_store_put(&f->txn, &other, "ops", NOW_MS);
	assert_true(credential_store_get(&f->txn, f->arena, "a", &out));
	assert_true(su_span_equal(out.psk_sealed, psk.psk_sealed));
	assert_int_equal(out.token_hash.len, 0);
	credential_store_put(&f->txn, &token, "ops", NOW_MS);
	assert_true(credential_store_get(&f->txn, f->arena, "a", &out));
	assert_int_equal(out.psk_sealed.len, 0);
	assert_true(su_span_equal_str(out.token_hash, "hash"));
	assert_int_equal(credential_store_list(&f->txn, f->arena, NULL, 1, &list), 1);
	assert_string_equal(list[0].endpoint, "a");
	assert_int_equal(credential_store_list(&f->txn, f->arena, "a", 9, &list), 1);
	assert_string_equal(list[0].endpoint, "b");
	credential_store_delete(&f->txn, "a");
	credential_store_delete(&f->txn, "a");
	assert_false(credential_store_get(&f->txn, f->arena, "a", &out));
	commit(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_comes_back_as_it_went),
		STORE_TEST(test_many_at_once),
		STORE_TEST(test_by_registration),
		STORE_TEST(test_list_in_pages),
		STORE_TEST(test_credentials),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
