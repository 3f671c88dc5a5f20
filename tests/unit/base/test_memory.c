/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation never returns NULL: it gives zeroed memory or ends the process. */
#include "base/memory.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void test_new_memory_is_zeroed(void **state)
{
	(void)state;
	int64_t *numbers su_auto(su_free_ptr) = su_new_array(1000, sizeof(*numbers));
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(numbers[i], 0);
	int64_t *one su_auto(su_free_ptr) = su_new(int64_t);
	assert_int_equal(*one, 0);
}

static void test_empty_requests_give_memory(void **state)
{
	(void)state;
	void *none su_auto(su_free_ptr) = su_new_bytes(0);
	void *array su_auto(su_free_ptr) = su_new_array(0, 8);
	void *grown su_auto(su_free_ptr) = su_grow(NULL, 0, 8);
	assert_non_null(none);
	assert_non_null(array);
	assert_non_null(grown);
}

static void test_growing_keeps_the_contents(void **state)
{
	(void)state;
	char *text = su_strdup("abc");
	text = su_grow(text, 100000, 1);
	assert_string_equal(text, "abc");
	free(text);
}

static void test_texts(void **state)
{
	(void)state;
	char *printed su_auto(su_free_ptr) = su_printf("%d %s", 7, "x");
	assert_string_equal(printed, "7 x");
	assert_null(su_strdup(NULL));
}

static void overflow_array(void)
{
	volatile size_t half = SIZE_MAX / 2 + 2;
	free(su_new_array(half, 2));
}

static void overflow_growth(void)
{
	volatile size_t half = SIZE_MAX / 2 + 2;
	free(su_grow(NULL, half, 2));
}

/* A product that wraps would give a short piece instead of an end. */
static void assert_ends_process(void (*action)(void))
{
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct rlimit no_core = { 0, 0 };
		setrlimit(RLIMIT_CORE, &no_core);
		su_close_fd(&(int){ STDERR_FILENO });
		signal(SIGABRT, SIG_DFL);
		action();
		_exit(0);
	}
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_overflow_ends_the_process(void **state)
{
	(void)state;
	assert_ends_process(overflow_array);
	assert_ends_process(overflow_growth);
}

static void test_scope_end_releases(void **state)
{
	(void)state;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	int copy = fd;
	{
		int scoped su_auto(su_close_fd) = fd;
		assert_true(scoped >= 0);
	}
	assert_int_equal(fcntl(copy, F_GETFD), -1);
	su_close_fd(&(int){ -1 });
	void *pointer = su_new_bytes(1);
	su_free_ptr(&pointer);
	assert_null(pointer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_memory_is_zeroed),
		cmocka_unit_test(test_empty_requests_give_memory),
		cmocka_unit_test(test_growing_keeps_the_contents),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_overflow_ends_the_process),
		cmocka_unit_test(test_scope_end_releases),
	};
	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
