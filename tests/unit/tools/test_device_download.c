/* SPDX-License-Identifier: Apache-2.0 */
/* A download over a link that plays whatever a server may do: resume, change its mind, lie about lengths. */
#include "tools/device_download.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/whole_file.h"

#define SIZE_BYTES 3000

/* Keeps the request; the test plays the answer. */
struct played_link {
	struct link head;
	struct link_request request;
	link_sink_fn sink;
	link_reply_fn on_reply;
	void *arg;
};

static void played_send(struct link *head, const struct link_request *request, link_sink_fn sink,
	link_reply_fn on_reply, void *arg)
{
	struct played_link *link = (struct played_link *)head;
	link->request = *request;
	link->sink = sink;
	link->on_reply = on_reply;
	link->arg = arg;
}

static const struct link_operations operations = { .send = played_send };

struct setting {
	struct su_arena *arena;
	struct played_link link;
	char folder[64];
	const char *staging;
	struct device_download *download;
	uint64_t resumed;
	unsigned n_done;
	struct link_reply done;
};

static int set_up(void **state)
{
	struct setting *setting = calloc(1, sizeof(*setting));
	strcpy(setting->folder, "/tmp/suitd-download-XXXXXX");
	setting->arena = su_arena_new();
	setting->link.head.operations = &operations;
	*state = setting;
	if (mkdtemp(setting->folder) == NULL)
		return -1;
	setting->staging = su_arena_printf(setting->arena, "%s/x", setting->folder);
	return 0;
}

static const char *beside(struct setting *setting, const char *suffix)
{
	return su_arena_printf(setting->arena, "%s%s", setting->staging, suffix);
}

static int tear_down(void **state)
{
	struct setting *setting = *state;
	device_download_free(&setting->download);
	unlink(setting->staging);
	unlink(beside(setting, ".part"));
	unlink(beside(setting, ".etag"));
	rmdir(setting->folder);
	su_arena_free(&setting->arena);
	free(setting);
	return 0;
}

static void on_done(void *arg, const struct link_reply *reply)
{
	struct setting *setting = arg;
	setting->n_done++;
	setting->done = *reply;
}

static void start(struct setting *setting, const char *uri)
{
	struct device_download_opts opts = {
		.link = &setting->link.head,
		.uri = uri,
		.staging = setting->staging,
		.size_bytes = SIZE_BYTES,
		.on_done = on_done,
		.arg = setting,
	};
	device_download_free(&setting->download);
	device_download_start(&opts, &setting->download, &setting->resumed);
}

static bool play(struct setting *setting, uint64_t offset, size_t len, char fill, const char *etag)
{
	uint8_t bytes[4096];
	memset(bytes, fill, len);
	struct link_piece piece = {
		.offset = offset,
		.bytes = su_span_of(bytes, len),
		.etag = su_span_str(etag),
	};
	return setting->link.sink(setting->link.arg, &piece);
}

static void reply(struct setting *setting, enum su_status status)
{
	struct link_reply answer = { .status = status };
	answer.error.status = status;
	setting->link.on_reply(setting->link.arg, &answer);
}

static void assert_file(struct setting *setting, const char *path, size_t len, char fill)
{
	struct su_span bytes;
	assert_int_equal(whole_file_read(setting->arena, path, 8192, &bytes, NULL), SU_OK);
	assert_int_equal(bytes.len, len);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(bytes.data[i], fill);
}

static void assert_nothing_kept(struct setting *setting)
{
	assert_int_not_equal(access(setting->staging, F_OK), 0);
	assert_int_not_equal(access(beside(setting, ".part"), F_OK), 0);
	assert_int_not_equal(access(beside(setting, ".etag"), F_OK), 0);
}

static void test_whole(void **state)
{
	struct setting *setting = *state;
	start(setting, "coap://fw.example.com:5683/fw/app.bin");
	assert_string_equal(setting->link.request.path, "/fw/app.bin");
	assert_int_equal(setting->link.request.offset, 0);
	assert_true(play(setting, 0, 2048, 'a', "one"));
	assert_true(play(setting, 2048, SIZE_BYTES - 2048, 'a', "one"));
	reply(setting, SU_OK);
	assert_int_equal(setting->n_done, 1);
	assert_int_equal(setting->done.status, SU_OK);
	assert_file(setting, setting->staging, SIZE_BYTES, 'a');
	assert_int_not_equal(access(beside(setting, ".etag"), F_OK), 0);
}

static void cut_off_after(struct setting *setting, size_t len)
{
	start(setting, "/fw/app.bin");
	assert_true(play(setting, 0, len, 'a', "one"));
	reply(setting, SU_RETRY);
	assert_int_equal(setting->done.status, SU_RETRY);
	start(setting, "/fw/app.bin");
}

static void test_resumes_at_a_whole_block(void **state)
{
	struct setting *setting = *state;
	cut_off_after(setting, 2900);
	assert_int_equal(setting->resumed, 2048);
	assert_int_equal(setting->link.request.offset, 2048);
	assert_true(su_span_equal_str(setting->link.request.etag, "one"));
	assert_true(play(setting, 2048, SIZE_BYTES - 2048, 'a', "one"));
	reply(setting, SU_OK);
	assert_int_equal(setting->done.status, SU_OK);
	assert_file(setting, setting->staging, SIZE_BYTES, 'a');
}

static void test_resumes_when_all_was_there(void **state)
{
	struct setting *setting = *state;
	cut_off_after(setting, SIZE_BYTES);
	assert_int_equal(setting->link.request.offset, 2048);
}

static void test_another_etag_begins_anew(void **state)
{
	struct setting *setting = *state;
	cut_off_after(setting, 2048);
	assert_false(play(setting, 2048, SIZE_BYTES - 2048, 'b', "two"));
	reply(setting, SU_INVALID);
	assert_int_equal(setting->done.status, SU_RETRY);
	start(setting, "/fw/app.bin");
	assert_int_equal(setting->link.request.offset, 0);
	assert_true(play(setting, 0, SIZE_BYTES, 'b', "two"));
	reply(setting, SU_OK);
	assert_int_equal(setting->done.status, SU_OK);
	assert_file(setting, setting->staging, SIZE_BYTES, 'b');
}

/* As HTTP does when If-Range does not hold: the whole, though a part was asked for. */
static void test_the_whole_instead_of_a_part(void **state)
{
	struct setting *setting = *state;
	cut_off_after(setting, 2048);
	assert_true(play(setting, 0, SIZE_BYTES, 'b', "two"));
	reply(setting, SU_OK);
	assert_int_equal(setting->done.status, SU_OK);
	assert_file(setting, setting->staging, SIZE_BYTES, 'b');
}

static void test_without_etag_nothing_is_resumed(void **state)
{
	struct setting *setting = *state;
	start(setting, "/fw/app.bin");
	assert_true(play(setting, 0, 2048, 'a', NULL));
	reply(setting, SU_RETRY);
	start(setting, "/fw/app.bin");
	assert_int_equal(setting->link.request.offset, 0);
}

static void test_wrong_lengths(void **state)
{
	struct setting *setting = *state;
	start(setting, "/fw/app.bin");
	assert_false(play(setting, 0, SIZE_BYTES + 1, 'a', "one"));
	reply(setting, SU_INVALID);
	assert_int_equal(setting->done.status, SU_UNAUTHENTIC);
	assert_nothing_kept(setting);
	start(setting, "/fw/app.bin");
	assert_true(play(setting, 0, SIZE_BYTES - 1, 'a', "one"));
	reply(setting, SU_OK);
	assert_int_equal(setting->done.status, SU_UNAUTHENTIC);
	assert_nothing_kept(setting);
}

static void test_a_gap(void **state)
{
	struct setting *setting = *state;
	start(setting, "/fw/app.bin");
	assert_true(play(setting, 0, 1024, 'a', "one"));
	assert_false(play(setting, 2048, 100, 'a', "one"));
	reply(setting, SU_INVALID);
	assert_int_equal(setting->done.status, SU_RETRY);
}

static void test_refused_by_the_server(void **state)
{
	struct setting *setting = *state;
	cut_off_after(setting, 2048);
	reply(setting, SU_NOT_FOUND);
	assert_int_equal(setting->done.status, SU_NOT_FOUND);
	assert_nothing_kept(setting);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_whole),
		TEST(test_resumes_at_a_whole_block),
		TEST(test_resumes_when_all_was_there),
		TEST(test_another_etag_begins_anew),
		TEST(test_the_whole_instead_of_a_part),
		TEST(test_without_etag_nothing_is_resumed),
		TEST(test_wrong_lengths),
		TEST(test_a_gap),
		TEST(test_refused_by_the_server),
	};
	return cmocka_run_group_tests_name("device_download", tests, NULL, NULL);
}
