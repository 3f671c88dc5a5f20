/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of images and uploads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/image_store.h"
#include "store_fixture.h"

static void insert(struct store_fixture *f, const char *content)
{
	const struct image image = { .digest = digest_of(content),
		.size_bytes = strlen(content),
		.uploaded_by = "ci",
		.uploaded_at_ms = NOW_MS };
	image_store_insert(&f->txn, &image);
}

static void test_uploading_twice_is_no_error(void **state)
{
	USE_FIXTURE(f, state);
	struct image image;
	const struct digest digest = digest_of("abc");
	begin(f);
	insert(f, "abc");
	insert(f, "abc");
	commit(f);
	begin(f);
	assert_true(image_store_get(&f->txn, f->arena, &digest, &image));
	commit(f);
	assert_int_equal(image.size_bytes, 3);
	assert_string_equal(image.uploaded_by, "ci");
	assert_int_equal(image.uploaded_at_ms, NOW_MS);
	assert_int_equal(counter_value(f, "images"), 1);
	assert_int_equal(counter_value(f, "image_bytes"), 3);
}

static void test_pages_cover_all_once(void **state)
{
	USE_FIXTURE(f, state);
	struct image *page;
	struct digest last;
	size_t seen = 0;
	begin(f);
	for (char c = 'a'; c <= 'g'; c++)
		insert(f, (const char[]){ c, '\0' });
	for (size_t n;
		(n = image_store_list(&f->txn, f->arena, seen ? &last : NULL, 3, &page)) > 0;) {
		for (size_t i = 0; i < n; i++, seen++) {
			if (seen > 0)
				assert_true(memcmp(last.bytes, page[i].digest.bytes, 32) < 0);
			last = page[i].digest;
		}
	}
	commit(f);
	assert_int_equal(seen, 7);
}

static struct upload sample_upload(unsigned n, int64_t expires_at_ms)
{
	return (struct upload){ .id = uuid_of(n),
		.length_bytes = 1000,
		.uploaded_by = "ci",
		.created_at_ms = NOW_MS,
		.expires_at_ms = expires_at_ms };
}

static void test_upload_from_begin_to_end(void **state)
{
	USE_FIXTURE(f, state);
	struct upload in = sample_upload(1, NOW_MS + 10), out;
	const struct digest digest = digest_of("abc");
	in.expected = digest;
	begin(f);
	upload_store_insert(&f->txn, &in);
	assert_true(upload_store_get(&f->txn, f->arena, in.id, &out));
	assert_int_equal(out.length_bytes, 1000);
	assert_true(digest_equal(&out.expected, &digest));
	assert_false(digest_is_set(&out.finished));
	upload_store_finish(&f->txn, in.id, &digest);
	assert_true(upload_store_get(&f->txn, f->arena, in.id, &out));
	assert_true(digest_equal(&out.finished, &digest));
	upload_store_delete(&f->txn, in.id);
	assert_false(upload_store_get(&f->txn, f->arena, in.id, &out));
	upload_store_finish(&f->txn, in.id, &digest);
	assert_int_equal(commit_status(f), SU_NOT_FOUND);
}

static void test_expired_uploads(void **state)
{
	USE_FIXTURE(f, state);
	struct upload *expired, out;
	const struct digest digest = digest_of("abc");
	const struct upload old = sample_upload(1, NOW_MS), young = sample_upload(2, NOW_MS + 1);
	const struct upload done = sample_upload(3, NOW_MS);
	begin(f);
	upload_store_insert(&f->txn, &old);
	upload_store_insert(&f->txn, &young);
	upload_store_insert(&f->txn, &done);
	upload_store_finish(&f->txn, done.id, &digest);
	assert_int_equal(upload_store_expired(&f->txn, f->arena, NOW_MS, 10, &expired), 1);
	assert_true(su_uuid_equal(expired[0].id, old.id));
	assert_true(upload_store_get(&f->txn, f->arena, young.id, &out));
	assert_false(upload_store_get(&f->txn, f->arena, done.id, &out));
	commit(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_uploading_twice_is_no_error),
		STORE_TEST(test_pages_cover_all_once),
		STORE_TEST(test_upload_from_begin_to_end),
		STORE_TEST(test_expired_uploads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
