/* SPDX-License-Identifier: Apache-2.0 */
/* The pool: jobs run elsewhere, come back to the loop's thread, and are never lost. */
#include "base/work.h"

#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

#include <cmocka.h>

struct scene {
	struct su_loop *loop;
	struct su_work *work;
	pthread_t loop_thread;
	sem_t running, go; /* a blocking job posts the first and waits for the second */
	atomic_int n_run;
	int n_done, n_wanted; /* the loop stops at n_wanted */
	atomic_int n_started, n_stopped;
	atomic_bool wrong_thread, signals_open;
};

static int set_up(void **state)
{
	static struct scene scene;
	memset(&scene, 0, sizeof(scene));
	scene.loop = su_loop_new();
	scene.loop_thread = pthread_self();
	sem_init(&scene.running, 0, 0);
	sem_init(&scene.go, 0, 0);
	*state = &scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;
	su_work_free(&scene->work);
	assert_null(scene->work);
	su_loop_free(&scene->loop);
	sem_destroy(&scene->running);
	sem_destroy(&scene->go);
	return 0;
}

static void run_count(void *arg, void *context)
{
	struct scene *scene = arg;
	(void)context;
	if (pthread_equal(pthread_self(), scene->loop_thread))
		scene->wrong_thread = true;
	scene->n_run++;
}

static void run_block(void *arg, void *context)
{
	struct scene *scene = arg;
	sem_post(&scene->running);
	sem_wait(&scene->go);
	run_count(arg, context);
}

static void done_count(void *arg)
{
	struct scene *scene = arg;
	if (!pthread_equal(pthread_self(), scene->loop_thread))
		scene->wrong_thread = true;
	if (++scene->n_done == scene->n_wanted)
		su_loop_stop(scene->loop);
}

static void test_jobs_run_and_come_back(void **state)
{
	struct scene *scene = *state;
	scene->work = su_work_new(scene->loop, 3, 500, NULL);
	scene->n_wanted = 500;
	for (int i = 0; i < 500; i++)
		assert_int_equal(su_work_submit(scene->work,
					 (struct su_job){ run_count, done_count, scene }),
			SU_OK);
	su_loop_run(scene->loop);
	assert_int_equal(scene->n_run, 500);
	assert_int_equal(scene->n_done, 500);
	assert_false(scene->wrong_thread);
}

static void test_a_full_queue_refuses(void **state)
{
	struct scene *scene = *state;
	const struct su_job block = { run_block, done_count, scene };
	const struct su_job count = { run_count, done_count, scene };
	scene->work = su_work_new(scene->loop, 1, 2, NULL);
	assert_int_equal(su_work_submit(scene->work, block), SU_OK);
	sem_wait(&scene->running);
	/* The one that runs does not wait; two may. */
	assert_int_equal(su_work_submit(scene->work, count), SU_OK);
	assert_int_equal(su_work_submit(scene->work, count), SU_OK);
	assert_int_equal(su_work_submit(scene->work, count), SU_BUSY);
	scene->n_wanted = 3;
	sem_post(&scene->go);
	su_loop_run(scene->loop);
	assert_int_equal(scene->n_run, 3);
	/* There is room again. */
	scene->n_wanted = 4;
	assert_int_equal(su_work_submit(scene->work, count), SU_OK);
	su_loop_run(scene->loop);
	assert_int_equal(scene->n_done, 4);
}

static void test_free_runs_what_waits(void **state)
{
	struct scene *scene = *state;
	scene->work = su_work_new(scene->loop, 1, 10, NULL);
	for (int i = 0; i < 3; i++)
		assert_int_equal(su_work_submit(scene->work,
					 (struct su_job){ run_block, done_count, scene }),
			SU_OK);
	for (int i = 0; i < 3; i++)
		sem_post(&scene->go);
	su_work_free(&scene->work);
	assert_int_equal(scene->n_run, 3);
	assert_int_equal(scene->n_done, 3);
	assert_false(scene->wrong_thread);
}

struct context {
	struct scene *scene;
	atomic_int n_jobs;
};

static struct context contexts[2];

static void *start_thread(void *arg)
{
	struct scene *scene = arg;
	sigset_t blocked;
	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	if (!sigismember(&blocked, SIGTERM) || !sigismember(&blocked, SIGHUP))
		scene->signals_open = true;
	return &contexts[scene->n_started++];
}

static void stop_thread(void *arg, void *context)
{
	struct scene *scene = arg;
	if (context != &contexts[0] && context != &contexts[1])
		scene->wrong_thread = true;
	scene->n_stopped++;
}

static void run_in_context(void *arg, void *context)
{
	((struct context *)context)->n_jobs++;
	run_block(arg, context);
}

static void test_stop_runs_what_waits_and_takes_no_more(void **state)
{
	struct scene *scene = *state;
	const struct su_job count = { run_count, done_count, scene };
	scene->work = su_work_new(scene->loop, 2, 10, NULL);
	for (int i = 0; i < 5; i++)
		assert_int_equal(su_work_submit(scene->work, count), SU_OK);
	su_work_stop(scene->work);
	assert_int_equal(scene->n_run, 5);
	assert_int_equal(scene->n_done, 5);
	assert_int_equal(su_work_submit(scene->work, count), SU_BUSY);
	su_work_stop(scene->work);
	assert_int_equal(scene->n_done, 5);
}

static void test_each_thread_has_its_context(void **state)
{
	struct scene *scene = *state;
	const struct su_work_hooks hooks = { start_thread, stop_thread, scene };
	memset(contexts, 0, sizeof(contexts));
	scene->work = su_work_new(scene->loop, 2, 10, &hooks);
	scene->n_wanted = 2;
	for (int i = 0; i < 2; i++)
		assert_int_equal(su_work_submit(scene->work,
					 (struct su_job){ run_in_context, done_count, scene }),
			SU_OK);
	/* Both run at one time, so each has a thread of its own. */
	sem_wait(&scene->running);
	sem_wait(&scene->running);
	assert_int_equal(contexts[0].n_jobs, 1);
	assert_int_equal(contexts[1].n_jobs, 1);
	sem_post(&scene->go);
	sem_post(&scene->go);
	su_loop_run(scene->loop);
	su_work_free(&scene->work);
	assert_int_equal(scene->n_started, 2);
	assert_int_equal(scene->n_stopped, 2);
	assert_false(scene->wrong_thread);
	assert_false(scene->signals_open);
}

static void submit_another(void *arg)
{
	struct scene *scene = arg;
	done_count(arg);
	assert_int_equal(
		su_work_submit(scene->work, (struct su_job){ run_count, done_count, scene }),
		SU_OK);
}

static void test_done_may_submit(void **state)
{
	struct scene *scene = *state;
	scene->work = su_work_new(scene->loop, 1, 1, NULL);
	scene->n_wanted = 2;
	assert_int_equal(
		su_work_submit(scene->work, (struct su_job){ run_count, submit_another, scene }),
		SU_OK);
	su_loop_run(scene->loop);
	assert_int_equal(scene->n_run, 2);
}

static void test_free_accepts_nothing(void **state)
{
	struct su_work *none = NULL;
	(void)state;
	su_work_free(&none);
	su_work_free(NULL);
	assert_null(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_jobs_run_and_come_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_full_queue_refuses, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_free_runs_what_waits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_stop_runs_what_waits_and_takes_no_more, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_each_thread_has_its_context, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_done_may_submit, set_up, tear_down),
		cmocka_unit_test(test_free_accepts_nothing),
	};
	return cmocka_run_group_tests_name("work", tests, NULL, NULL);
}
