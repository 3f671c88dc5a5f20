/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions mean the same to PostgreSQL as to us: random ones over random devices choose the
 * same rows, and so do their opposites, which tells false from unknown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "policy/expression.h"
#include "store/device_store.h"
#include "store/provision_store.h"
#include "store_fixture.h"

#define N_DEVICES     60
#define N_EXPRESSIONS 300
#define MAX_DEPTH     4
#define DAY_MS        INT64_C(86400000)

/* splitmix64: the same devices and expressions each time. */
static uint64_t next_random(uint64_t *seed)
{
	uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static size_t below(uint64_t *seed, size_t n)
{
	return (size_t)(next_random(seed) % n);
}

static bool one_in(uint64_t *seed, size_t n)
{
	return below(seed, n) == 0;
}

/* Texts that collations, patterns and quoting treat in their own ways. */
static const char *const texts[] = { "a", "B", "b", "Ab", "a b", "", "Z", "z", "ä", "Ä", "it's",
	"a%", "a_", "\\", "\"", "10", "9", "NULL", "$1", "--" };
#define N_TEXTS (sizeof(texts) / sizeof(texts[0]))
static const int64_t numbers[] = { 0, 1, 2, 9007199254740992, 9007199254740993, INT64_MAX };
#define N_NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static const char *random_text(uint64_t *seed)
{
	return one_in(seed, 4) ? NULL : texts[below(seed, N_TEXTS)];
}

static size_t random_ids(uint64_t *seed, struct su_uuid *out)
{
	size_t n = below(seed, 4);
	for (size_t i = 0; i < n; i++)
		out[i] = uuid_of((unsigned)below(seed, 5));
	return n;
}

static struct profile random_profile(uint64_t *seed)
{
	return (struct profile){
		.has_reachability = one_in(seed, 2),
		.reachability = (enum reachability)below(seed, REACH_QUEUE + 1),
		.has_always_on = one_in(seed, 2),
		.always_on = one_in(seed, 2),
		.has_behind_nat = one_in(seed, 2),
		.behind_nat = one_in(seed, 2),
		.has_answers = one_in(seed, 2),
		.answers = one_in(seed, 2),
		.has_takes_push = one_in(seed, 2),
		.takes_push = one_in(seed, 2),
		.has_wake_every = one_in(seed, 2),
		.wake_every_s = 1 + (int64_t)below(seed, 5) * 86400,
		.has_link_rate = one_in(seed, 2),
		.link_bytes_per_s = (uint64_t)numbers[1 + below(seed, N_NUMBERS - 1)],
	};
}

static struct provision random_provision(
	struct store_fixture *f, uint64_t *seed, const char *endpoint)
{
	struct provision_record record = {
		.endpoint = endpoint,
		.provision = { .profile = random_profile(seed), .site = random_text(seed) },
		.changed_at_ms = NOW_MS,
		.changed_by = "ops",
	};
	begin(f);
	provision_store_put(&f->txn, &record);
	commit(f);
	return record.provision;
}

static struct device random_device(struct store_fixture *f, uint64_t *seed, unsigned n)
{
	struct device device =
		sample_device(su_arena_printf(f->arena, "%s%u", texts[n % N_TEXTS], n));
	struct characteristics *told = &device.told;
	told->serial = random_text(seed);
	told->manufacturer = random_text(seed);
	told->model = random_text(seed);
	told->hardware_version = random_text(seed);
	told->site = random_text(seed);
	told->has_battery = !one_in(seed, 4);
	told->battery_mwh = (uint64_t)numbers[below(seed, N_NUMBERS)];
	told->has_free_memory = !one_in(seed, 4);
	told->free_memory_bytes = (uint64_t)numbers[below(seed, N_NUMBERS)];
	told->n_vendor_ids = random_ids(seed, told->vendor_ids);
	told->n_class_ids = random_ids(seed, told->class_ids);
	device.transport = (enum transport)below(seed, TRANSPORT_HTTPS + 1);
	device.registered_at_ms = NOW_MS - (int64_t)below(seed, 5) * DAY_MS;
	device.last_seen_at_ms = NOW_MS - (int64_t)below(seed, 5) * DAY_MS;
	device.mode = (enum update_mode)below(seed, 3);
	told->profile = random_profile(seed);
	if (one_in(seed, 2))
		device.provision = random_provision(f, seed, device.endpoint);
	return device;
}

struct writer {
	uint64_t *seed;
	struct su_buf text;
};

static void put(struct writer *w, const char *text)
{
	su_buf_printf(&w->text, "%s", text);
}

static void put_quoted(struct writer *w, const char *text)
{
	put(w, "'");
	for (; *text; text++)
		su_buf_printf(&w->text, "%s%c", strchr("'\\", *text) ? "\\" : "", *text);
	put(w, "'");
}

static const struct field *random_field(struct writer *w, enum field_type type)
{
	const struct field *chosen = NULL;
	size_t n = 0;
	for (const struct field *field = fields; field->name; field++)
		if (field->sql && field->type == type && one_in(w->seed, ++n))
			chosen = field;
	return chosen;
}

static void put_time_literal(struct writer *w)
{
	char text[SU_TIME_TEXT_SIZE];
	su_time_format(NOW_MS - (int64_t)below(w->seed, 5) * DAY_MS, text);
	su_buf_printf(&w->text, "timestamp('%s')", text);
}

static void put_number_literal(struct writer *w, bool integer)
{
	if (integer || one_in(w->seed, 2))
		su_buf_printf(&w->text, "%s%lld", one_in(w->seed, 8) ? "-" : "",
			(long long)numbers[below(w->seed, N_NUMBERS)]);
	else
		put(w, one_in(w->seed, 2) ? "0.5" : "9007199254740993.0");
}

static void put_literal(struct writer *w, const struct field *field, enum field_type type)
{
	if (type == FIELD_TEXT && field && field->words)
		put_quoted(w, name_of(field->words, (int)below(w->seed, 3)));
	else if (type == FIELD_TEXT)
		put_quoted(w, texts[below(w->seed, N_TEXTS)]);
	else if (type == FIELD_TIME)
		put_time_literal(w);
	else if (type == FIELD_DURATION)
		su_buf_printf(&w->text, "duration('P%zuD')", below(w->seed, 5));
	else if (type == FIELD_BOOL)
		put(w, one_in(w->seed, 2) ? "true" : "false");
	else
		put_number_literal(w, type == FIELD_INT);
}

static void put_value(struct writer *w, enum field_type type, unsigned depth);

static void put_sum(struct writer *w, enum field_type type, unsigned depth)
{
	bool from_times = type == FIELD_DURATION && one_in(w->seed, 2);
	put(w, "(");
	put_value(w, from_times ? FIELD_TIME : type, depth + 1);
	put(w, from_times || one_in(w->seed, 2) ? " - " : " + ");
	put_value(w, from_times ? FIELD_TIME : FIELD_DURATION, depth + 1);
	put(w, ")");
}

/* A field, a literal, or a sum. */
static void put_value(struct writer *w, enum field_type type, unsigned depth)
{
	const struct field *field = random_field(w, type);
	bool moment = type == FIELD_TIME || type == FIELD_DURATION;
	if (moment && depth < MAX_DEPTH && one_in(w->seed, 2))
		put_sum(w, type, depth);
	else if (field && !one_in(w->seed, 4))
		put(w, field->name);
	else
		put_literal(w, NULL, type);
}

static enum field_type random_type(struct writer *w)
{
	static const enum field_type types[] = { FIELD_TEXT, FIELD_TEXT, FIELD_INT, FIELD_DOUBLE,
		FIELD_TIME, FIELD_DURATION };
	return types[below(w->seed, sizeof(types) / sizeof(types[0]))];
}

static void put_comparison(struct writer *w)
{
	static const char *const signs[] = { " == ", " != ", " < ", " <= ", " > ", " >= " };
	enum field_type type = random_type(w);
	const struct field *field = random_field(w, type == FIELD_DOUBLE ? FIELD_INT : type);
	if (type == FIELD_TEXT || type == FIELD_INT || type == FIELD_DOUBLE)
		put(w, field->name);
	else
		put_value(w, type, 0);
	put(w, signs[below(w->seed, 6)]);
	if (type == FIELD_TEXT && !field->words && one_in(w->seed, 3))
		put(w, "device.model");
	else if (type == FIELD_TEXT || type == FIELD_INT || type == FIELD_DOUBLE)
		put_literal(w, field, type);
	else
		put_value(w, type, 0);
}

static void put_membership(struct writer *w)
{
	enum field_type type = random_type(w);
	const struct field *field = random_field(w, type == FIELD_DOUBLE ? FIELD_INT : type);
	if (field)
		put(w, field->name);
	else
		put_literal(w, NULL, type);
	put(w, " in [");
	for (size_t i = 0, n = 1 + below(w->seed, 3); i < n; i++) {
		put(w, i ? ", " : "");
		put_literal(w, field, type);
	}
	put(w, "]");
}

static void put_id_membership(struct writer *w)
{
	char id[SU_UUID_TEXT_SIZE];
	su_uuid_format(uuid_of((unsigned)below(w->seed, 5)), id);
	su_buf_printf(&w->text, "'%s' in %s", id,
		one_in(w->seed, 2) ? "device.class_ids" : "device.vendor_ids");
}

static void put_has(struct writer *w)
{
	static const enum field_type types[] = { FIELD_TEXT, FIELD_INT, FIELD_TEXT_LIST,
		FIELD_TIME };
	su_buf_printf(&w->text, "has(%s)", random_field(w, types[below(w->seed, 4)])->name);
}

static void put_beginning(struct writer *w)
{
	su_buf_printf(&w->text, "%s.startsWith(", random_field(w, FIELD_TEXT)->name);
	put_quoted(w, texts[below(w->seed, N_TEXTS)]);
	put(w, ")");
}

static void put_atom(struct writer *w)
{
	const struct field *field = random_field(w, FIELD_BOOL);
	switch (below(w->seed, 8)) {
	case 0:
		put_has(w);
		break;
	case 1:
		put_beginning(w);
		break;
	case 2:
		put_id_membership(w);
		break;
	case 3:
		put_membership(w);
		break;
	case 4:
		if (field)
			put(w, field->name);
		else
			put_literal(w, NULL, FIELD_BOOL);
		break;
	default:
		put_comparison(w);
	}
}

static void put_truth(struct writer *w, unsigned depth)
{
	static const char *const signs[] = { ") && (", ") || (", ") == (", ") != (" };
	if (depth >= MAX_DEPTH || one_in(w->seed, 3)) {
		put_atom(w);
		return;
	}
	if (one_in(w->seed, 5)) {
		put(w, "!(");
	} else {
		put(w, "(");
		put_truth(w, depth + 1);
		put(w, signs[below(w->seed, one_in(w->seed, 4) ? 4 : 2)]);
	}
	put_truth(w, depth + 1);
	put(w, ")");
}

static const struct expression *parse(struct su_arena *arena, const char *text)
{
	const struct expression *expression = NULL;
	struct su_error err = { 0 };
	if (expression_parse(arena, "filter", text, EXPRESSION_DEVICES, &expression, &err) != SU_OK)
		fail_msg("%s: %s: %s", text, err.field, err.text);
	return expression;
}

/* Both lists are in the order of the database; chosen is a part of all. */
static size_t require_same(const struct expression *expression, const struct device *all,
	const struct device *chosen, size_t n_chosen)
{
	size_t at = 0;
	for (size_t i = 0; i < N_DEVICES; i++) {
		const struct facts facts = { .now_ms = NOW_MS, .device = &all[i] };
		bool holds = expression_holds(expression, &facts);
		bool is_chosen = at < n_chosen && chosen[at].id == all[i].id;
		if (holds != is_chosen)
			fail_msg("%s: %s %s but is %schosen", expression_text(expression),
				all[i].endpoint, holds ? "matches" : "does not match",
				is_chosen ? "" : "not ");
		at += is_chosen;
	}
	assert_int_equal(at, n_chosen);
	return n_chosen;
}

static size_t compare(struct store_fixture *f, const struct device *all, const char *text)
{
	struct su_arena *arena = su_arena_new();
	struct device *chosen;
	const struct device_query query = {
		.limit = N_DEVICES + 1, .filter = parse(arena, text), .now_ms = NOW_MS
	};
	begin(f);
	size_t n = device_store_list(&f->txn, arena, &query, &chosen);
	if (!txn_ok(&f->txn))
		fail_msg("%s: %s", text, f->txn.error.text);
	commit(f);
	require_same(query.filter, all, chosen, n);
	su_arena_free(&arena);
	return n;
}

static struct device *store_random_devices(struct store_fixture *f, uint64_t *seed)
{
	struct device *all;
	for (unsigned i = 0; i < N_DEVICES; i++) {
		const struct device device = random_device(f, seed, i);
		store_device(f, &device);
	}
	begin(f);
	const struct device_query query = { .limit = N_DEVICES + 1 };
	assert_int_equal(device_store_list(&f->txn, f->arena, &query, &all), N_DEVICES);
	commit(f);
	return all;
}

static void test_the_database_chooses_what_we_would(void **state)
{
	USE_FIXTURE(f, state);
	uint64_t seed = 20261121;
	const struct device *all = store_random_devices(f, &seed);
	size_t n_true = 0, n_false = 0;
	for (unsigned i = 0; i < N_EXPRESSIONS; i++) {
		struct writer w = { .seed = &seed };
		put_truth(&w, 0);
		const char *text = su_arena_strdup(f->arena, su_buf_str(&w.text));
		su_buf_free(&w.text);
		n_true += compare(f, all, text);
		n_false += compare(f, all, su_arena_printf(f->arena, "!(%s)", text));
	}
	size_t n_unknown = N_EXPRESSIONS * N_DEVICES - n_true - n_false;
	print_message("# %zu true, %zu false, %zu unknown\n", n_true, n_false, n_unknown);
	assert_true(n_true > 1000 && n_false > 1000 && n_unknown > 1000);
}

static void test_pages_of_a_filtered_list(void **state)
{
	USE_FIXTURE(f, state);
	struct device *page;
	static const char *const models[] = { "a", "b", "a", "b", "a" };
	for (unsigned i = 0; i < 5; i++) {
		struct device device = sample_device(su_arena_printf(f->arena, "d%u", i));
		device.told.model = models[i];
		store_device(f, &device);
	}
	struct device_query query = {
		.limit = 2, .filter = parse(f->arena, "device.model == 'a'"), .now_ms = NOW_MS
	};
	begin(f);
	assert_int_equal(device_store_list(&f->txn, f->arena, &query, &page), 2);
	assert_string_equal(page[0].endpoint, "d0");
	assert_string_equal(page[1].endpoint, "d2");
	query.after = page[1].endpoint;
	assert_int_equal(device_store_list(&f->txn, f->arena, &query, &page), 1);
	assert_string_equal(page[0].endpoint, "d4");
	commit(f);
}

static void test_the_largest_filter_runs(void **state)
{
	USE_FIXTURE(f, state);
	struct device *page;
	struct su_buf text = { 0 };
	const struct device device = sample_device("d");
	store_device(f, &device);
	for (unsigned i = 0; i < EXPRESSION_MAX_NODES / 4; i++)
		su_buf_printf(&text, "%shas(device.model)", i ? "||" : "");
	struct device_query query = { .limit = 2, .filter = parse(f->arena, su_buf_str(&text)) };
	begin(f);
	assert_int_equal(device_store_list(&f->txn, f->arena, &query, &page), 0);
	commit(f);
	su_buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_the_database_chooses_what_we_would),
		STORE_TEST(test_pages_of_a_filtered_list),
		STORE_TEST(test_the_largest_filter_runs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
