/* SPDX-License-Identifier: Apache-2.0 */
/* Releases: sequence numbers, images that come late, paths, approval. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>

#include "base/memory.h"
#include "store/image_store.h"
#include "store_fixture.h"

static struct release get(struct store_fixture *f, const struct digest *digest)
{
	struct release release;
	begin(f);
	assert_true(release_store_get(&f->txn, f->arena, digest, &release));
	commit(f);
	return release;
}

static size_t arrive(struct store_fixture *f, const char *content, uint64_t size)
{
	const struct image image = { .digest = digest_of(content),
		.size_bytes = size,
		.uploaded_by = "ci",
		.uploaded_at_ms = NOW_MS };
	begin(f);
	image_store_insert(&f->txn, &image);
	const struct release_arrival arrival = { image.digest, image.digest, size };
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct digest *completed;
	size_t n = release_store_image_arrived(&f->txn, arena, &arrival, &completed);
	commit(f);
	return n;
}

static void test_comes_back_as_it_went(void **state)
{
	USE_FIXTURE(f, state);
	struct release in = sample_release(f, "one", 7);
	in.has_update_priority = true;
	in.update_priority = -2;
	in.use_before_ms = NOW_MS + 99;
	in.waits = 1U << WAIT_POWER | 1U << WAIT_DAY_OF_WEEK_UTC;
	store_release(f, &in);
	const struct release out = get(f, &in.digest);
	assert_int_equal(out.sequence_number, 7);
	assert_true(su_span_equal_str(out.scope, "scope"));
	assert_int_equal(out.state, RELEASE_INCOMPLETE);
	assert_true(out.targeted);
	assert_string_equal(out.version, "1.2.0");
	assert_null(out.reference_uri);
	assert_true(out.has_update_priority);
	assert_int_equal(out.update_priority, -2);
	assert_int_equal(out.use_before_ms, NOW_MS + 99);
	assert_int_equal(out.waits, 1U << WAIT_POWER | 1U << WAIT_DAY_OF_WEEK_UTC);
	assert_int_equal(out.kind, KIND_SECURITY);
	assert_string_equal(out.labels_json, "{\"cvss\": 9.8}");
	assert_true(digest_equal(&out.envelope, &in.envelope));
	assert_int_equal(out.severed_envelope_bytes, 200);
	assert_string_equal(out.published_by, "ci");
	assert_null(out.approved_by);
	assert_int_equal(out.published_at_ms, NOW_MS);
	assert_int_equal(out.row_version, 1);
	assert_int_equal(out.n_images, 1);
	assert_true(su_span_equal(out.images[0].component.encoded, in.images[0].component.encoded));
	assert_true(digest_equal(&out.images[0].digest, &in.images[0].digest));
	assert_true(out.images[0].has_size);
	assert_int_equal(out.images[0].size_bytes, 5);
	assert_string_equal(out.images[0].uri, in.images[0].uri);
	assert_true(out.images[0].hosted);
	assert_false(out.images[0].present);
}

static void test_since_when_what_runs_is_known(void **state)
{
	USE_FIXTURE(f, state);
	struct release first = sample_release(f, "one", 1), again = sample_release(f, "two", 2);
	again.published_at_ms = NOW_MS + 50;
	struct release_image *other = &again.images[0];
	const struct installed_component running[] = {
		{ .id = first.images[0].component, .digest = first.images[0].digest },
		{ .id = { su_span_str("\x81\x41\x07") }, .digest = digest_of("radio") },
		{ .id = { su_span_str("\x81\x41\x08") }, .digest = digest_of("factory") },
	};
	const struct installed_component *const all[] = { &running[0], &running[1], &running[2] };
	store_release(f, &first);
	begin(f);
	release_store_insert(&f->txn, &again, &sample_targets); /* the same image once more */
	assert_int_equal(release_store_published(&f->txn, all, 1), NOW_MS);
	assert_int_equal(release_store_published(&f->txn, all + 2, 1), 0);
	assert_int_equal(release_store_published(&f->txn, all, 0), 0);
	commit(f);
	struct release third = sample_release(f, "three", 3);
	third.published_at_ms = NOW_MS - 70;
	other = &third.images[0];
	other->component = running[1].id;
	other->digest = running[1].digest;
	other->uri = NULL;
	begin(f);
	release_store_insert(&f->txn, &third, &(struct release_targets){ 0 });
	assert_int_equal(release_store_published(&f->txn, all + 1, 1), NOW_MS - 70);
	assert_int_equal(release_store_published(&f->txn, all, 3), NOW_MS - 70);
	commit(f);
}

static enum su_status try_insert(struct store_fixture *f, const struct release *release, bool *out)
{
	begin(f);
	*out = release_store_insert(&f->txn, release, &sample_targets);
	return commit_status(f);
}

static void test_sequence_numbers_rise_within_a_scope(void **state)
{
	USE_FIXTURE(f, state);
	bool created;
	const struct release first = sample_release(f, "first", 5);
	const struct release equal = sample_release(f, "equal", 5);
	const struct release lower = sample_release(f, "lower", 4);
	const struct release higher = sample_release(f, "higher", 6);
	struct release elsewhere = sample_release(f, "elsewhere", 1);
	elsewhere.scope = su_span_str("other scope");
	store_release(f, &first);
	assert_int_equal(try_insert(f, &equal, &created), SU_CONFLICT);
	assert_string_equal(f->txn.error.field, "sequence_number");
	assert_int_equal(try_insert(f, &lower, &created), SU_CONFLICT);
	assert_int_equal(try_insert(f, &higher, &created), SU_OK);
	assert_int_equal(try_insert(f, &elsewhere, &created), SU_OK);
	assert_int_equal(counter_value(f, "releases.incomplete"), 3);
}

static void test_the_same_manifest_again_changes_nothing(void **state)
{
	USE_FIXTURE(f, state);
	bool created = true;
	const struct release release = sample_release(f, "one", 7);
	store_release(f, &release);
	assert_int_equal(try_insert(f, &release, &created), SU_OK);
	assert_false(created);
	assert_int_equal(counter_value(f, "releases.incomplete"), 1);
}

static void test_numbers_that_do_not_fit(void **state)
{
	USE_FIXTURE(f, state);
	bool created;
	struct release release = sample_release(f, "one", UINT64_MAX);
	assert_int_equal(try_insert(f, &release, &created), SU_INVALID);
	assert_string_equal(f->txn.error.field, "sequence_number");
	release.sequence_number = INT64_MAX;
	release.images[0].size_bytes = (uint64_t)INT64_MAX + 1;
	assert_int_equal(try_insert(f, &release, &created), SU_INVALID);
	assert_string_equal(f->txn.error.field, "image_size");
}

static void test_an_image_completes_what_awaits_it(void **state)
{
	USE_FIXTURE(f, state);
	struct digest blob;
	const struct digest image = digest_of("image");
	const struct release release = sample_release(f, "one", 1);
	store_release(f, &release);
	begin(f);
	assert_false(release_store_path(&f->txn, f->arena, "/fw/app.bin", &blob));
	commit(f);
	assert_int_equal(arrive(f, "another image", 5), 0);
	assert_int_equal(arrive(f, "image", 5), 1);
	const struct release complete = get(f, &release.digest);
	assert_int_equal(complete.state, RELEASE_VERIFIED);
	assert_int_equal(complete.row_version, 2);
	assert_true(complete.images[0].present);
	begin(f);
	assert_true(release_store_path(&f->txn, f->arena, "/fw/app.bin", &blob));
	commit(f);
	assert_true(digest_equal(&blob, &image));
	assert_int_equal(counter_value(f, "releases.incomplete"), 0);
	assert_int_equal(counter_value(f, "releases.verified"), 1);
	assert_int_equal(arrive(f, "image", 5), 0);
}

static void test_an_image_of_wrong_length_does_not_count(void **state)
{
	USE_FIXTURE(f, state);
	const struct release release = sample_release(f, "one", 1);
	store_release(f, &release);
	assert_int_equal(arrive(f, "image", 6), 0);
	assert_int_equal(get(f, &release.digest).state, RELEASE_INCOMPLETE);
}

static void test_an_image_that_was_here_before(void **state)
{
	USE_FIXTURE(f, state);
	const char **paths;
	struct digest *blobs;
	const struct release release = sample_release(f, "one", 1);
	arrive(f, "image", 5);
	store_release(f, &release);
	const struct release out = get(f, &release.digest);
	assert_int_equal(out.state, RELEASE_VERIFIED);
	assert_true(out.images[0].present);
	begin(f);
	assert_int_equal(release_store_paths(&f->txn, f->arena, &paths, &blobs), 1);
	commit(f);
	assert_string_equal(paths[0], "/fw/app.bin");
	assert_true(digest_equal(&blobs[0], &release.images[0].digest));
}

static void test_a_dependency_is_served_by_its_envelope(void **state)
{
	USE_FIXTURE(f, state);
	struct digest blob;
	struct release dependency = sample_release(f, "dependency", 1);
	dependency.n_images = 0;
	const struct release_targets no_targets = { 0 };
	begin(f);
	assert_true(release_store_insert(&f->txn, &dependency, &no_targets));
	commit(f);
	assert_int_equal(get(f, &dependency.digest).state, RELEASE_VERIFIED);
	struct release root = sample_release(f, "root", 2);
	root.images[0].digest = dependency.digest;
	root.images[0].size_bytes = dependency.envelope_bytes;
	store_release(f, &root);
	assert_int_equal(get(f, &root.digest).state, RELEASE_VERIFIED);
	begin(f);
	assert_true(release_store_path(&f->txn, f->arena, "/fw/app.bin", &blob));
	commit(f);
	assert_true(digest_equal(&blob, &dependency.envelope));
}

static void test_a_path_never_changes_its_content(void **state)
{
	USE_FIXTURE(f, state);
	bool created;
	const struct release first = sample_release(f, "first", 1);
	const struct release same = sample_release(f, "same content", 2);
	struct release other = sample_release(f, "other content", 3);
	other.images[0].digest = digest_of("other image");
	store_release(f, &first);
	assert_int_equal(try_insert(f, &same, &created), SU_OK);
	assert_int_equal(try_insert(f, &other, &created), SU_CONFLICT);
	assert_string_equal(f->txn.error.field, "uri");
	begin(f);
	struct release absent;
	assert_false(release_store_get(&f->txn, f->arena, &other.digest, &absent));
	commit(f);
}

static void set_state(struct store_fixture *f, const struct release *r, enum release_state state)
{
	begin(f);
	release_store_set_state(&f->txn, r, state, "ops", NOW_MS + 1);
}

static void test_approval_and_withdrawal(void **state)
{
	USE_FIXTURE(f, state);
	struct release *candidates;
	const struct release in = sample_release(f, "one", 1);
	arrive(f, "image", 5);
	store_release(f, &in);
	const struct release verified = get(f, &in.digest);
	set_state(f, &verified, RELEASE_APPROVED);
	commit(f);
	const struct release approved = get(f, &in.digest);
	assert_int_equal(approved.state, RELEASE_APPROVED);
	assert_string_equal(approved.approved_by, "ops");
	assert_int_equal(approved.approved_at_ms, NOW_MS + 1);
	set_state(f, &verified, RELEASE_WITHDRAWN);
	assert_int_equal(commit_status(f), SU_STALE);
	begin(f);
	assert_int_equal(release_store_candidates(&f->txn, f->arena, sample_targets.vendor_ids, 1,
				 NULL, 0, &candidates),
		1);
	commit(f);
	set_state(f, &approved, RELEASE_WITHDRAWN);
	commit(f);
	assert_int_equal(get(f, &in.digest).withdrawn_at_ms, NOW_MS + 1);
	begin(f);
	assert_int_equal(release_store_candidates(&f->txn, f->arena, sample_targets.vendor_ids, 1,
				 NULL, 0, &candidates),
		0);
	commit(f);
	assert_int_equal(counter_value(f, "releases.verified"), 0);
	assert_int_equal(counter_value(f, "releases.approved"), 0);
	assert_int_equal(counter_value(f, "releases.withdrawn"), 1);
}

static void test_candidates_share_a_vendor_or_a_class(void **state)
{
	USE_FIXTURE(f, state);
	struct release *c;
	const struct su_uuid stranger = uuid_of(500);
	struct release first = sample_release(f, "first", 1),
		       second = sample_release(f, "second", 2);
	struct release untargeted = sample_release(f, "untargeted", 3);
	first.state = second.state = untargeted.state = RELEASE_APPROVED;
	untargeted.targeted = false;
	store_release(f, &first);
	store_release(f, &second);
	store_release(f, &untargeted);
	begin(f);
	assert_int_equal(release_store_candidates(
				 &f->txn, f->arena, &stranger, 1, sample_targets.class_ids, 1, &c),
		2);
	assert_int_equal(c[0].sequence_number, 2);
	assert_int_equal(c[1].sequence_number, 1);
	assert_int_equal(c[1].n_images, 1);
	assert_int_equal(
		release_store_candidates(&f->txn, f->arena, &stranger, 1, &stranger, 1, &c), 0);
	commit(f);
}

static void test_many_candidates_leave_out_those_of_other_classes(void **state)
{
	USE_FIXTURE(f, state);
	struct release *c;
	struct release mine = sample_release(f, "mine", 1);
	const struct release_targets others = { .n_vendor_ids = 1,
		.vendor_ids = sample_targets.vendor_ids };
	mine.state = RELEASE_APPROVED;
	store_release(f, &mine);
	begin(f);
	for (unsigned i = 0; i < RELEASE_STORE_MAX_CANDIDATES; i++) {
		struct release other =
			sample_release(f, su_arena_printf(f->arena, "other %u", i), 2 + i);
		other.state = RELEASE_APPROVED;
		assert_true(release_store_insert(&f->txn, &other, &others));
	}
	commit(f);
	begin(f);
	size_t n = release_store_candidates(
		&f->txn, f->arena, sample_targets.vendor_ids, 1, sample_targets.class_ids, 1, &c);
	commit(f);
	assert_int_equal(n, RELEASE_STORE_MAX_CANDIDATES);
	assert_int_equal(c[0].sequence_number, RELEASE_STORE_MAX_CANDIDATES + 1);
	assert_true(digest_equal(&c[n - 1].digest, &mine.digest));
}

static void test_list_pages_from_the_newest(void **state)
{
	USE_FIXTURE(f, state);
	struct release *page;
	const char *next = "";
	uint64_t expected = 5;
	for (uint64_t i = 1; i <= 5; i++) {
		struct release release =
			sample_release(f, (const char[]){ (char)('0' + i), '\0' }, i);
		release.published_at_ms = NOW_MS + (int64_t)i / 2; /* some at the same time */
		store_release(f, &release);
	}
	begin(f);
	while (next) {
		size_t n = release_store_list(&f->txn, f->arena, next, 2, &page, &next);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(page[i].sequence_number, expected--);
	}
	assert_int_equal(expected, 0);
	commit(f);
	begin(f);
	assert_int_equal(release_store_list(&f->txn, f->arena, "12-x", 2, &page, &next), 0);
	assert_int_equal(commit_status(f), SU_INVALID);
	assert_string_equal(f->txn.error.field, "cursor");
}

struct racer {
	pthread_t thread;
	pthread_barrier_t *start;
	struct store_fixture f;
	const char *name;
	enum su_status status;
};

static void *publish(void *arg)
{
	struct racer *r = arg;
	struct store_fixture *f = &r->f;
	f->arena = su_arena_new();
	f->conn = store_conn_new(f->conninfo);
	assert_int_equal(store_conn_ready(f->conn, NULL), SU_OK);
	const struct release release = sample_release(f, r->name, 10);
	pthread_barrier_wait(r->start);
	f->txn = txn_begin(f->conn);
	release_store_insert(&f->txn, &release, &sample_targets);
	r->status = txn_commit(&f->txn, NULL);
	store_conn_free(&f->conn);
	su_arena_free(&f->arena);
	return NULL;
}

static void *upload(void *arg)
{
	struct racer *r = arg;
	struct store_fixture *f = &r->f;
	f->conn = store_conn_new(f->conninfo);
	assert_int_equal(store_conn_ready(f->conn, NULL), SU_OK);
	pthread_barrier_wait(r->start);
	arrive(f, "image", 5);
	store_conn_free(&f->conn);
	return NULL;
}

static void race(struct store_fixture *f, void *(*one)(void *), void *(*other)(void *),
	struct racer racers[2])
{
	pthread_barrier_t start;
	pthread_barrier_init(&start, NULL, 2);
	for (int i = 0; i < 2; i++) {
		racers[i].f.conninfo = f->conninfo;
		racers[i].start = &start;
	}
	assert_int_equal(pthread_create(&racers[0].thread, NULL, one, &racers[0]), 0);
	assert_int_equal(pthread_create(&racers[1].thread, NULL, other, &racers[1]), 0);
	pthread_join(racers[0].thread, NULL);
	pthread_join(racers[1].thread, NULL);
	pthread_barrier_destroy(&start);
}

static void test_two_intakes_of_one_sequence_number(void **state)
{
	USE_FIXTURE(f, state);
	struct racer racers[2] = { { .name = "left" }, { .name = "right" } };
	race(f, publish, publish, racers);
	assert_int_equal((racers[0].status == SU_OK) + (racers[1].status == SU_OK), 1);
	assert_int_equal((racers[0].status == SU_CONFLICT) + (racers[1].status == SU_CONFLICT), 1);
}

static void test_release_and_image_at_the_same_time(void **state)
{
	USE_FIXTURE(f, state);
	struct racer racers[2] = { { .name = "left" }, { 0 } };
	const struct digest digest = digest_of("left");
	race(f, publish, upload, racers);
	assert_int_equal(racers[0].status, SU_OK);
	assert_int_equal(get(f, &digest).state, RELEASE_VERIFIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_comes_back_as_it_went),
		STORE_TEST(test_since_when_what_runs_is_known),
		STORE_TEST(test_sequence_numbers_rise_within_a_scope),
		STORE_TEST(test_the_same_manifest_again_changes_nothing),
		STORE_TEST(test_numbers_that_do_not_fit),
		STORE_TEST(test_an_image_completes_what_awaits_it),
		STORE_TEST(test_an_image_of_wrong_length_does_not_count),
		STORE_TEST(test_an_image_that_was_here_before),
		STORE_TEST(test_a_dependency_is_served_by_its_envelope),
		STORE_TEST(test_a_path_never_changes_its_content),
		STORE_TEST(test_approval_and_withdrawal),
		STORE_TEST(test_candidates_share_a_vendor_or_a_class),
		STORE_TEST(test_many_candidates_leave_out_those_of_other_classes),
		STORE_TEST(test_list_pages_from_the_newest),
		STORE_TEST(test_two_intakes_of_one_sequence_number),
		STORE_TEST(test_release_and_image_at_the_same_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
