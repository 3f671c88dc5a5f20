/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs on a real file system: what is there, what is left after a fault, what others see. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "folder.h"
#include "store/blob.h"
#include "suit/hash.h"

struct fixture {
	char root[64];
	struct blob_store *store;
};

static int set_up(void **state)
{
	struct fixture *f = su_new(struct fixture);
	snprintf(f->root, sizeof(f->root), "/tmp/suitd-test-blob.XXXXXX");
	assert_non_null(mkdtemp(f->root));
	assert_int_equal(blob_store_open(f->root, &f->store, NULL), SU_OK);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	blob_store_close(&f->store);
	folder_remove(f->root);
	free(f);
	return 0;
}

static size_t count_files(const struct fixture *f, const char *folder)
{
	char path[128];
	size_t n = 0;
	snprintf(path, sizeof(path), "%s/%s", f->root, folder);
	DIR *dir = opendir(path);
	assert_non_null(dir);
	for (const struct dirent *entry; (entry = readdir(dir));)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

static struct digest digest_of(const char *text)
{
	struct digest digest;
	assert_int_equal(hash_compute(DIGEST_SHA256, su_span_str(text), &digest, NULL), SU_OK);
	return digest;
}

static void assert_blob(struct fixture *f, const struct digest *digest, const char *text)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct su_span bytes;
	assert_int_equal(blob_read(f->store, digest, 1 << 20, arena, &bytes, NULL), SU_OK);
	assert_int_equal(bytes.len, strlen(text));
	assert_memory_equal(bytes.data, text, bytes.len);
}

static void test_put_is_found_by_its_digest(void **state)
{
	struct fixture *f = *state;
	const struct digest expected = digest_of("firmware");
	struct digest digest;
	assert_false(blob_exists(f->store, &expected));
	assert_int_equal(blob_put(f->store, su_span_str("firmware"), &digest, NULL), SU_OK);
	assert_true(digest_equal(&digest, &expected));
	assert_true(blob_exists(f->store, &expected));
	assert_blob(f, &digest, "firmware");
	assert_int_equal(count_files(f, "temp"), 0);
}

static void test_put_twice_is_no_fault(void **state)
{
	struct fixture *f = *state;
	struct digest first, second;
	assert_int_equal(blob_put(f->store, su_span_str("x"), &first, NULL), SU_OK);
	assert_int_equal(blob_put(f->store, su_span_str("x"), &second, NULL), SU_OK);
	assert_true(digest_equal(&first, &second));
	assert_blob(f, &first, "x");
	assert_int_equal(count_files(f, "temp"), 0);
}

static void test_empty_blob(void **state)
{
	struct fixture *f = *state;
	struct digest digest;
	struct blob_mapping *mapping;
	assert_int_equal(blob_put(f->store, SU_SPAN_EMPTY, &digest, NULL), SU_OK);
	assert_blob(f, &digest, "");
	assert_int_equal(blob_map(f->store, &digest, &mapping, NULL), SU_OK);
	assert_int_equal(blob_mapping_span(mapping).len, 0);
	blob_unmap(&mapping);
}

static void test_unknown_digests(void **state)
{
	struct fixture *f = *state;
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	const struct digest absent = digest_of("absent");
	struct digest other = { .alg = DIGEST_SHA512, .len = 64 };
	struct blob_mapping *mapping;
	struct su_span bytes;
	uint64_t size;
	int fd;
	assert_int_equal(blob_read(f->store, &absent, 10, arena, &bytes, NULL), SU_NOT_FOUND);
	assert_int_equal(blob_open_fd(f->store, &absent, &fd, &size, NULL), SU_NOT_FOUND);
	assert_int_equal(blob_map(f->store, &absent, &mapping, NULL), SU_NOT_FOUND);
	assert_int_equal(blob_map(f->store, &other, &mapping, NULL), SU_NOT_FOUND);
	assert_false(blob_exists(f->store, &other));
}

static void test_read_is_bounded(void **state)
{
	struct fixture *f = *state;
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct digest digest;
	struct su_span bytes;
	assert_int_equal(blob_put(f->store, su_span_str("0123456789"), &digest, NULL), SU_OK);
	assert_int_equal(blob_read(f->store, &digest, 9, arena, &bytes, NULL), SU_TOO_LARGE);
	assert_int_equal(blob_read(f->store, &digest, 10, arena, &bytes, NULL), SU_OK);
}

static void test_wrong_digest_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	const struct digest announced = digest_of("what was announced");
	const struct digest sent = digest_of("what came");
	struct digest digest;
	struct blob_writer *writer;
	assert_int_equal(blob_writer_new(f->store, &writer, NULL), SU_OK);
	assert_int_equal(blob_writer_append(writer, su_span_str("what came"), NULL), SU_OK);
	assert_int_equal(
		blob_writer_finish_take(&writer, &announced, &digest, NULL), SU_UNAUTHENTIC);
	assert_null(writer);
	assert_false(blob_exists(f->store, &announced));
	assert_false(blob_exists(f->store, &sent));
	assert_int_equal(count_files(f, "temp"), 0);
}

static void append_to_upload(struct fixture *f, const char *name, const char *text)
{
	struct blob_writer *writer;
	assert_int_equal(blob_writer_resume(f->store, name, &writer, NULL), SU_OK);
	assert_int_equal(blob_writer_append(writer, su_span_str(text), NULL), SU_OK);
	assert_int_equal(blob_writer_sync(writer, NULL), SU_OK);
	blob_writer_close(&writer);
}

static void test_upload_goes_on_after_a_restart(void **state)
{
	struct fixture *f = *state;
	const struct digest expected = digest_of("first, second, third");
	struct digest digest;
	struct blob_writer *writer;
	uint64_t length;
	assert_int_equal(blob_upload_length(f->store, "u1", &length, NULL), SU_NOT_FOUND);
	append_to_upload(f, "u1", "first, ");
	blob_store_close(&f->store);
	assert_int_equal(blob_store_open(f->root, &f->store, NULL), SU_OK);
	assert_int_equal(blob_upload_length(f->store, "u1", &length, NULL), SU_OK);
	assert_int_equal(length, 7);
	append_to_upload(f, "u1", "second, ");
	assert_int_equal(blob_writer_resume(f->store, "u1", &writer, NULL), SU_OK);
	assert_int_equal(blob_writer_length(writer), 15);
	assert_int_equal(blob_writer_append(writer, su_span_str("third"), NULL), SU_OK);
	assert_int_equal(blob_writer_finish_take(&writer, &expected, &digest, NULL), SU_OK);
	assert_blob(f, &expected, "first, second, third");
	assert_int_equal(count_files(f, "upload"), 0);
}

static void test_truncate_takes_back_a_chunk(void **state)
{
	struct fixture *f = *state;
	struct digest digest;
	struct blob_writer *writer;
	assert_int_equal(blob_writer_resume(f->store, "u2", &writer, NULL), SU_OK);
	assert_int_equal(blob_writer_append(writer, su_span_str("good "), NULL), SU_OK);
	assert_int_equal(blob_writer_append(writer, su_span_str("bad"), NULL), SU_OK);
	assert_int_equal(blob_writer_truncate(writer, 99, NULL), SU_BUG);
	assert_int_equal(blob_writer_truncate(writer, 5, NULL), SU_OK);
	assert_int_equal(blob_writer_length(writer), 5);
	assert_int_equal(blob_writer_append(writer, su_span_str("end"), NULL), SU_OK);
	assert_int_equal(blob_writer_finish_take(&writer, NULL, &digest, NULL), SU_OK);
	const struct digest expected = digest_of("good end");
	assert_true(digest_equal(&digest, &expected));
	assert_blob(f, &expected, "good end");
}

static void test_an_upload_has_one_writer(void **state)
{
	struct fixture *f = *state;
	struct blob_writer *first, *second;
	assert_int_equal(blob_writer_resume(f->store, "u3", &first, NULL), SU_OK);
	assert_int_equal(blob_writer_resume(f->store, "u3", &second, NULL), SU_BUSY);
	blob_writer_close(&first);
	assert_int_equal(blob_writer_resume(f->store, "u3", &second, NULL), SU_OK);
	blob_writer_abort(&second);
	assert_int_equal(count_files(f, "upload"), 0);
}

static void test_upload_names_stay_in_their_folder(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = { "", ".", "..", "../temp/x", "a/b", ".hidden" };
	struct blob_writer *writer;
	uint64_t length;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(blob_writer_resume(f->store, names[i], &writer, NULL), SU_INVALID);
		assert_int_equal(blob_upload_length(f->store, names[i], &length, NULL), SU_INVALID);
	}
}

static void test_leftovers_go_but_living_writers_stay(void **state)
{
	struct fixture *f = *state;
	struct blob_writer *living;
	struct blob_store *other;
	struct digest digest;
	char path[128];
	snprintf(path, sizeof(path), "%s/temp/of-a-crash", f->root);
	int fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	append_to_upload(f, "u4", "kept");
	assert_int_equal(blob_writer_new(f->store, &living, NULL), SU_OK);
	assert_int_equal(count_files(f, "temp"), 2);

	assert_int_equal(blob_store_open(f->root, &other, NULL), SU_OK);
	assert_int_equal(count_files(f, "temp"), 1);
	assert_int_equal(count_files(f, "upload"), 1);
	assert_int_equal(blob_writer_append(living, su_span_str("alive"), NULL), SU_OK);
	assert_int_equal(blob_writer_finish_take(&living, NULL, &digest, NULL), SU_OK);
	assert_blob(f, &digest, "alive");
	blob_store_close(&other);
}

struct racer {
	pthread_t thread;
	struct blob_store *store;
	enum su_status status;
};

static void *put_the_same(void *arg)
{
	struct racer *racer = arg;
	struct digest digest;
	racer->status = SU_OK;
	for (int i = 0; i < 50 && racer->status == SU_OK; i++) {
		char text[16];
		snprintf(text, sizeof(text), "content %d", i);
		racer->status = blob_put(racer->store, su_span_str(text), &digest, NULL);
	}
	return NULL;
}

static void test_writers_of_the_same_content(void **state)
{
	struct fixture *f = *state;
	struct racer racers[3];
	for (size_t i = 0; i < 3; i++) {
		racers[i].store = f->store;
		assert_int_equal(
			pthread_create(&racers[i].thread, NULL, put_the_same, &racers[i]), 0);
	}
	for (size_t i = 0; i < 3; i++) {
		pthread_join(racers[i].thread, NULL);
		assert_int_equal(racers[i].status, SU_OK);
	}
	const struct digest last = digest_of("content 49");
	assert_blob(f, &last, "content 49");
	assert_int_equal(count_files(f, "temp"), 0);
}

static void test_mappings_are_shared_and_outlive_the_cache(void **state)
{
	struct fixture *f = *state;
	struct digest digest;
	struct blob_mapping *first, *second;
	assert_int_equal(blob_put(f->store, su_span_str("mapped"), &digest, NULL), SU_OK);
	assert_int_equal(blob_map(f->store, &digest, &first, NULL), SU_OK);
	assert_int_equal(blob_map(f->store, &digest, &second, NULL), SU_OK);
	assert_ptr_equal(blob_mapping_span(first).data, blob_mapping_span(second).data);
	blob_unmap(&second);
	for (int i = 0; i < 200; i++) {
		char text[16];
		struct digest other;
		snprintf(text, sizeof(text), "other %d", i);
		assert_int_equal(blob_put(f->store, su_span_str(text), &other, NULL), SU_OK);
		assert_int_equal(blob_map(f->store, &other, &second, NULL), SU_OK);
		assert_true(su_span_equal_str(blob_mapping_span(second), text));
		blob_unmap(&second);
	}
	assert_true(su_span_equal_str(blob_mapping_span(first), "mapped"));
	blob_store_close(&f->store);
	assert_true(su_span_equal_str(blob_mapping_span(first), "mapped"));
	blob_unmap(&first);
	assert_null(first);
}

/* Pages of files that this process has mapped and read. */
static size_t mapped_bytes(void)
{
	char line[128];
	size_t n_kib = 0, total = 0;
	FILE *status = fopen("/proc/self/status", "r");
	assert_non_null(status);
	while (fgets(line, sizeof(line), status))
		if (sscanf(line, "RssFile: %zu", &n_kib) == 1 ||
			sscanf(line, "RssShmem: %zu", &n_kib) == 1)
			total += n_kib * 1024;
	fclose(status);
	return total;
}

static void test_reading_large_blobs_takes_little_memory(void **state)
{
	enum { BLOB_BYTES = 80 << 20, STEP = 64 << 10, BOUND = 40 << 20 };
	struct fixture *f = *state;
	struct digest digest;
	struct blob_mapping *held, *mapping;
	uint8_t *content = su_new_bytes(BLOB_BYTES);
	for (size_t at = 0; at < BLOB_BYTES; at += STEP)
		content[at] = (uint8_t)(at / STEP % 251);
	assert_int_equal(blob_put(f->store, su_span_of(content, BLOB_BYTES), &digest, NULL), SU_OK);
	free(content);
	size_t before = mapped_bytes();
	assert_int_equal(blob_map(f->store, &digest, &held, NULL), SU_OK);
	for (size_t at = 0; at < BLOB_BYTES; at += STEP) {
		assert_int_equal(blob_map(f->store, &digest, &mapping, NULL), SU_OK);
		assert_int_equal(blob_mapping_span(mapping).data[at], at / STEP % 251);
		blob_unmap(&mapping);
		assert_true(mapped_bytes() < before + BOUND);
	}
	blob_unmap(&held);
}

static void test_descriptor_for_sendfile(void **state)
{
	struct fixture *f = *state;
	struct digest digest;
	char text[8] = "";
	uint64_t size;
	int fd;
	assert_int_equal(blob_put(f->store, su_span_str("sent"), &digest, NULL), SU_OK);
	assert_int_equal(blob_open_fd(f->store, &digest, &fd, &size, NULL), SU_OK);
	assert_int_equal(size, 4);
	assert_int_equal(read(fd, text, sizeof(text)), 4);
	assert_string_equal(text, "sent");
	close(fd);
}

static void test_full_disk(void **state)
{
	struct fixture *f = *state;
	struct su_error err = { 0 };
	struct blob_store *tiny;
	struct blob_writer *writer;
	struct digest digest;
	char path[128];
	snprintf(path, sizeof(path), "%s/tiny", f->root);
	assert_int_equal(mkdir(path, 0700), 0);
	if (mount("tmpfs", path, "tmpfs", 0, "size=64k") != 0)
		skip(); /* only root may mount */
	assert_int_equal(blob_store_open(path, &tiny, NULL), SU_OK);
	assert_int_equal(blob_writer_resume(tiny, "u", &writer, NULL), SU_OK);
	uint8_t *much su_auto(su_free_ptr) = su_new_bytes(100000);
	assert_int_equal(blob_writer_append(writer, su_span_of(much, 1000), NULL), SU_OK);
	assert_int_equal(blob_writer_append(writer, su_span_of(much, 100000), &err), SU_FULL);
	assert_non_null(strstr(err.text, strerror(ENOSPC)));
	assert_int_equal(blob_writer_length(writer), 1000);
	assert_int_equal(blob_writer_finish_take(&writer, NULL, &digest, NULL), SU_OK);
	assert_int_equal(blob_put(tiny, su_span_of(much, 100000), &digest, NULL), SU_FULL);
	/* Nothing is left of it: there is room again. */
	assert_int_equal(blob_put(tiny, su_span_of(much, 20000), &digest, NULL), SU_OK);
	assert_int_equal(blob_store_check_room(tiny, NULL), SU_OK);
	assert_int_equal(blob_put(tiny, su_span_of(much, 30000), &digest, NULL), SU_OK);
	assert_int_equal(blob_store_check_room(tiny, &err), SU_FULL);
	assert_non_null(strstr(err.text, "full"));
	assert_int_equal(mount("tmpfs", path, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_int_equal(blob_store_check_room(tiny, &err), SU_FULL);
	assert_non_null(strstr(err.text, "read-only"));
	blob_store_close(&tiny);
	assert_int_equal(umount(path), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_put_is_found_by_its_digest),
		TEST(test_put_twice_is_no_fault),
		TEST(test_empty_blob),
		TEST(test_unknown_digests),
		TEST(test_read_is_bounded),
		TEST(test_wrong_digest_leaves_nothing),
		TEST(test_upload_goes_on_after_a_restart),
		TEST(test_truncate_takes_back_a_chunk),
		TEST(test_an_upload_has_one_writer),
		TEST(test_upload_names_stay_in_their_folder),
		TEST(test_leftovers_go_but_living_writers_stay),
		TEST(test_writers_of_the_same_content),
		TEST(test_mappings_are_shared_and_outlive_the_cache),
		TEST(test_reading_large_blobs_takes_little_memory),
		TEST(test_descriptor_for_sendfile),
		TEST(test_full_disk),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
