/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel says of the thread what was asked for, where it knows of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/short_slices.h"

#define ASKED_NS 100000

struct found {
	uint64_t before_ns, after_ns;
	int nice;
};

/* The slice stands where real-time policies have their run time: sched_setattr(2). */
static uint64_t slice_ns(void)
{
	uint64_t words[6] = { 0 };
	assert_int_equal(syscall(SYS_sched_getattr, 0, words, sizeof(words), 0), 0);
	return words[3];
}

static void *ask(void *arg)
{
	struct found *found = arg;
	found->before_ns = slice_ns();
	su_short_slices_ask();
	found->after_ns = slice_ns();
	found->nice = getpriority(PRIO_PROCESS, 0);
	return NULL;
}

static void test_of_one_thread_alone(void **state)
{
	(void)state;
	const uint64_t own_ns = slice_ns();
	const int nice = getpriority(PRIO_PROCESS, 0);
	struct found found;
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, ask, &found), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(found.nice, nice);
	assert_int_equal(slice_ns(), own_ns);
	if (found.after_ns == 0)
		skip(); /* a kernel that tells of no slices */
	assert_int_equal(found.after_ns, ASKED_NS);
	assert_int_not_equal(found.before_ns, ASKED_NS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_one_thread_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
