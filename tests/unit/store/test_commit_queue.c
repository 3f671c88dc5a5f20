/* SPDX-License-Identifier: Apache-2.0 */
/* What is taken together, and what stays for a later batch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "store/commit_queue.h"

enum { MAX_BATCH = 4, MAX_RUNNING = 3 };

/* One write with the device that it is of. */
struct sample {
	struct pending_write pending;
	struct device_write write;
	struct device device;
};

struct taken {
	struct pending_batch batch;
	struct pending_write *writes[MAX_BATCH];
	char names[2 * MAX_BATCH];
};

static void put(struct commit_queue *queue, struct sample *sample, const char *name)
{
	*sample = (struct sample){ .device.endpoint = name };
	sample->write.device = &sample->device;
	sample->pending.item.write = &sample->write;
	commit_queue_put(queue, &sample->pending);
}

/* The names of a batch, one behind the other. */
static const char *take_beside(struct commit_queue *queue, struct taken *out,
	const struct pending_batch *const *running, size_t n_running)
{
	out->batch.writes = out->writes;
	commit_queue_take(queue, &out->batch, running, n_running);
	out->names[0] = '\0';
	for (size_t i = 0; i < out->batch.n; i++)
		strncat(out->names, out->writes[i]->item.write->device->endpoint, 1);
	return out->names;
}

static const char *take(struct commit_queue *queue)
{
	static struct taken taken;
	return take_beside(queue, &taken, NULL, 0);
}

static void test_in_order_and_no_more_than_fit(void **state)
{
	(void)state;
	static const char *const names[] = { "a", "b", "c", "d", "e", "f" };
	struct commit_queue *queue su_auto(commit_queue_free) =
		commit_queue_new(MAX_BATCH, MAX_RUNNING);
	struct sample samples[6];
	assert_string_equal(take(queue), "");
	for (size_t i = 0; i < 6; i++)
		put(queue, &samples[i], names[i]);
	assert_int_equal(commit_queue_count(queue), 6);
	assert_string_equal(take(queue), "abcd");
	assert_int_equal(commit_queue_count(queue), 2);
	assert_string_equal(take(queue), "ef");
	assert_int_equal(commit_queue_count(queue), 0);
}

static void test_a_second_write_of_a_device_waits(void **state)
{
	(void)state;
	struct commit_queue *queue su_auto(commit_queue_free) =
		commit_queue_new(MAX_BATCH, MAX_RUNNING);
	struct sample samples[7];
	put(queue, &samples[0], "a");
	put(queue, &samples[1], "a");
	put(queue, &samples[2], "b");
	put(queue, &samples[3], "a");
	assert_string_equal(take(queue), "ab");
	put(queue, &samples[4], "c"); /* comes after what was left */
	assert_string_equal(take(queue), "ac");
	put(queue, &samples[5], "b");
	assert_string_equal(take(queue), "ab");
	put(queue, &samples[6], "d");
	assert_string_equal(take(queue), "d");
}

static void test_what_is_being_written_waits(void **state)
{
	(void)state;
	struct commit_queue *queue su_auto(commit_queue_free) =
		commit_queue_new(MAX_BATCH, MAX_RUNNING);
	struct sample samples[8];
	struct taken first, second, third;
	const struct pending_batch *running[] = { &first.batch, &second.batch };
	static const char *const names[] = { "a", "b", "b", "c", "a", "d" };
	put(queue, &samples[0], names[0]);
	put(queue, &samples[1], names[1]);
	assert_string_equal(take_beside(queue, &first, NULL, 0), "ab");
	for (size_t i = 2; i < 6; i++)
		put(queue, &samples[i], names[i]);
	assert_string_equal(take_beside(queue, &second, running, 1), "cd");
	put(queue, &samples[6], "c");
	assert_string_equal(take_beside(queue, &third, running, 2), "");
	assert_int_equal(commit_queue_count(queue), 3);
	running[0] = &second.batch; /* the first one is through */
	assert_string_equal(take_beside(queue, &third, running, 1), "ba");
	put(queue, &samples[7], "e");
	assert_string_equal(take(queue), "ce");
}

static void test_all_are_taken_as_a_list(void **state)
{
	(void)state;
	struct commit_queue *queue su_auto(commit_queue_free) =
		commit_queue_new(MAX_BATCH, MAX_RUNNING);
	struct sample samples[3];
	assert_null(commit_queue_take_all(queue));
	put(queue, &samples[0], "a");
	put(queue, &samples[1], "a");
	const struct pending_write *all = commit_queue_take_all(queue);
	assert_ptr_equal(all, &samples[0].pending);
	assert_ptr_equal(all->next, &samples[1].pending);
	assert_null(all->next->next);
	assert_int_equal(commit_queue_count(queue), 0);
	put(queue, &samples[2], "b");
	assert_string_equal(take(queue), "b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_order_and_no_more_than_fit),
		cmocka_unit_test(test_a_second_write_of_a_device_waits),
		cmocka_unit_test(test_what_is_being_written_waits),
		cmocka_unit_test(test_all_are_taken_as_a_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
