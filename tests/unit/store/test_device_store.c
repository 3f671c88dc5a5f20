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
#include "store/provision_store.h"
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

/* One window of each form. */
static struct calendar *sample_calendar(struct store_fixture *f)
{
	struct calendar *calendar = su_arena_new_of(f->arena, struct calendar);
	*calendar = (struct calendar){
		.time_zone = "Europe/Zurich",
		.n_windows = 3,
		.windows = {
			{ .meaning = WINDOW_BUSY, .form = WINDOW_WEEKLY, .days = 0x41,
				.start_minute = 1439, .duration_min = 90 },
			{ .meaning = WINDOW_IDLE, .form = WINDOW_INTERVAL, .from_ms = NOW_MS,
				.until_ms = NOW_MS + 3600000 },
			{ .meaning = WINDOW_REACHABLE, .form = WINDOW_RULE, .duration_min = 60,
				.rule = "FREQ=MONTHLY;BYDAY=1SU;BYHOUR=2" },
		},
	};
	return calendar;
}

static struct profile sample_profile(void)
{
	return (struct profile){
		.has_reachability = true,
		.reachability = REACH_QUEUE,
		.has_always_on = true,
		.has_behind_nat = true,
		.behind_nat = true,
		.has_awake = true,
		.awake_s = 30,
		.has_wake_every = true,
		.wake_every_s = 3600,
		.has_link_rate = true,
		.link_bytes_per_s = INT64_MAX,
		.has_install = true,
		.install_s = 90,
	};
}

static void require_calendar(const struct calendar *calendar)
{
	assert_non_null(calendar);
	assert_string_equal(calendar->time_zone, "Europe/Zurich");
	assert_int_equal(calendar->n_windows, 3);
	assert_int_equal(calendar->windows[0].meaning, WINDOW_BUSY);
	assert_int_equal(calendar->windows[0].form, WINDOW_WEEKLY);
	assert_int_equal(calendar->windows[0].days, 0x41);
	assert_int_equal(calendar->windows[0].start_minute, 1439);
	assert_int_equal(calendar->windows[0].duration_min, 90);
	assert_int_equal(calendar->windows[1].form, WINDOW_INTERVAL);
	assert_int_equal(calendar->windows[1].from_ms, NOW_MS);
	assert_int_equal(calendar->windows[1].until_ms, NOW_MS + 3600000);
	assert_int_equal(calendar->windows[2].meaning, WINDOW_REACHABLE);
	assert_int_equal(calendar->windows[2].form, WINDOW_RULE);
	assert_string_equal(calendar->windows[2].rule, "FREQ=MONTHLY;BYDAY=1SU;BYHOUR=2");
}

static void test_what_was_told_comes_back(void **state)
{
	USE_FIXTURE(f, state);
	struct device in = sample_device("a");
	in.told.profile = sample_profile();
	in.calendar = sample_calendar(f);
	in.told.site = "north";
	in.mode = MODE_SERVER;
	in.mode_reason = "default: always on";
	const struct device out = store_device(f, &in);
	assert_true(profile_equal(&out.told.profile, &in.told.profile));
	require_calendar(out.calendar);
	assert_string_equal(out.told.site, "north");
	assert_int_equal(out.mode, MODE_SERVER);
	assert_string_equal(out.mode_reason, "default: always on");
	assert_int_equal(out.provision.row_version, 0);
	assert_null(out.provision.calendar);
	assert_null(out.provision.site);
	assert_false(out.provision.has_mode);
}

static struct provision_record lay_down(struct store_fixture *f, const char *endpoint)
{
	struct provision_record record = {
		.endpoint = endpoint,
		.provision = {
			.profile = { .has_answers = true, .answers = true, .has_wake_every = true,
				.wake_every_s = 60 },
			.has_mode = true,
			.mode = MODE_NEGOTIATED,
			.site = "south",
			.calendar = sample_calendar(f),
		},
		.changed_at_ms = NOW_MS,
		.changed_by = "ops",
	};
	begin(f);
	provision_store_put(&f->txn, &record);
	commit(f);
	return record;
}

static void require_laid_down(const struct provision *provision, int64_t row_version)
{
	assert_int_equal(provision->row_version, row_version);
	assert_true(provision->profile.has_answers && provision->profile.answers);
	assert_int_equal(provision->profile.wake_every_s, 60);
	assert_false(provision->profile.has_always_on);
	assert_true(provision->has_mode);
	assert_int_equal(provision->mode, MODE_NEGOTIATED);
	assert_string_equal(provision->site, "south");
	require_calendar(provision->calendar);
}

static void test_what_is_laid_down_comes_back(void **state)
{
	USE_FIXTURE(f, state);
	struct provision_record out;
	struct provision_record in = lay_down(f, "a");
	int64_t before = in.provision.row_version;
	assert_true(before > 0);
	begin(f);
	assert_true(provision_store_get(&f->txn, f->arena, "a", &out));
	require_laid_down(&out.provision, before);
	assert_int_equal(out.changed_at_ms, NOW_MS);
	assert_string_equal(out.changed_by, "ops");
	assert_false(provision_store_get(&f->txn, f->arena, "b", &out));
	in.provision = (struct provision){ .site = "west" };
	in.changed_by = "other";
	provision_store_put(&f->txn, &in);
	assert_true(in.provision.row_version > before);
	assert_true(provision_store_get(&f->txn, f->arena, "a", &out));
	assert_int_equal(out.provision.row_version, in.provision.row_version);
	assert_false(out.provision.has_mode);
	assert_null(out.provision.calendar);
	assert_string_equal(out.changed_by, "other");
	provision_store_delete(&f->txn, "a");
	assert_false(provision_store_get(&f->txn, f->arena, "a", &out));
	commit(f);
}

/* What counts, as selectors see it. */
static void require_selected(struct store_fixture *f, const char *filter, size_t n)
{
	struct device *page;
	struct device_query query = { .limit = 9 };
	assert_int_equal(expression_parse(f->arena, "filter", filter, EXPRESSION_DEVICES,
				 &query.filter, NULL),
		SU_OK);
	begin(f);
	assert_int_equal(device_store_list(&f->txn, f->arena, &query, &page), n);
	commit(f);
}

static void test_provision_stands_above_what_was_told(void **state)
{
	USE_FIXTURE(f, state);
	struct device in = sample_device("a"), *found;
	in.told.profile = sample_profile();
	in.told.site = "north";
	const char *const name = "a";
	int64_t version = lay_down(f, "a").provision.row_version;
	begin(f);
	device_store_get_batch(&f->txn, f->arena, &name, 1, &found);
	commit(f);
	assert_int_equal(found[0].id, 0);
	assert_string_equal(found[0].endpoint, "a");
	require_laid_down(&found[0].provision, version);
	in.provision = found[0].provision;
	const struct device out = store_device(f, &in);
	require_laid_down(&out.provision, version);
	assert_true(profile_equal(&out.told.profile, &in.told.profile));
	assert_string_equal(out.told.site, "north");
	require_selected(f, "device.site == 'south' && device.answers", 1);
	require_selected(f, "device.wake_every == duration('PT1M')", 1);
	require_selected(f, "device.reachability == 'queue' && !device.always_on", 1);
	require_selected(f, "device.site == 'north'", 0);
}

static void test_what_counts_is_settled_anew(void **state)
{
	USE_FIXTURE(f, state);
	struct device in = sample_device("a");
	in.told.site = "north";
	struct device device = store_device(f, &in);
	begin(f);
	assert_true(device_store_hold(&f->txn, "a"));
	assert_false(device_store_hold(&f->txn, "b"));
	device.provision = (struct provision){ .site = "south",
		.profile = { .has_always_on = true, .always_on = true } };
	device.mode = MODE_SERVER;
	device.mode_reason = "default: always on";
	device_store_settle(&f->txn, &device);
	commit(f);
	assert_int_equal(device.row_version, 2);
	require_selected(
		f, "device.site == 'south' && device.always_on && device.mode == 'server'", 1);
	device.row_version = 1;
	begin(f);
	device_store_settle(&f->txn, &device);
	assert_int_equal(commit_status(f), SU_STALE);
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
	const char *const names[] = { "nobody", "a", "nor this" };
	bool present[3] = { true, false, true };
	credential_store_present(&f->txn, names, 3, present);
	assert_true(!present[0] && present[1] && !present[2]);
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
		STORE_TEST(test_what_was_told_comes_back),
		STORE_TEST(test_what_is_laid_down_comes_back),
		STORE_TEST(test_provision_stands_above_what_was_told),
		STORE_TEST(test_what_counts_is_settled_anew),
		STORE_TEST(test_many_at_once),
		STORE_TEST(test_by_registration),
		STORE_TEST(test_list_in_pages),
		STORE_TEST(test_credentials),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
