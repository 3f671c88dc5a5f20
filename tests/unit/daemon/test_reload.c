/* SPDX-License-Identifier: Apache-2.0 */
/* Reloading takes over what it may, and nothing at all from a bad file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/memory.h"
#include "daemon/reload.h"

struct fixture {
	char path[64];
	struct config *running;
};

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
	struct fixture *fixture = su_new(struct fixture);
	snprintf(fixture->path, sizeof(fixture->path), "/tmp/suitd-test-reload.XXXXXX");
	int fd = mkstemp(fixture->path);
	if (fd < 0)
		return -1;
	close(fd);
	*state = fixture;
	return config_parse("test", "[limits]\nworkers = 3\n", &fixture->running, NULL) == SU_OK
		       ? 0
		       : -1;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	unlink(fixture->path);
	config_free(&fixture->running);
	free(fixture);
	return 0;
}

static void test_takes_over_what_may_change(void **state)
{
	struct fixture *fixture = *state;
	struct su_error err = { 0 };
	write_file(fixture->path, "[log]\nlevel = error\n[limits]\nworkers = 9\n");
	assert_int_equal(reload_config(fixture->running, fixture->path, &err), SU_OK);
	assert_int_equal(fixture->running->log.level, SU_LOG_ERROR);
	assert_int_equal(fixture->running->limits.workers, 3);
}

static void test_leaves_all_as_it_is_on_a_fault(void **state)
{
	struct fixture *fixture = *state;
	struct su_error err = { 0 };
	write_file(fixture->path, "[log]\nlevel = error\n[limits]\nworkers = many\n");
	assert_int_equal(reload_config(fixture->running, fixture->path, &err), SU_INVALID);
	assert_string_equal(err.field, "limits.workers");
	assert_int_equal(fixture->running->log.level, SU_LOG_INFO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_takes_over_what_may_change, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_leaves_all_as_it_is_on_a_fault, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
