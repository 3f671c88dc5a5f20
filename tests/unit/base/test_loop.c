/* SPDX-License-Identifier: Apache-2.0 */
/* The loop: messages, descriptors, timers and signals arrive on its thread and in order. */
#include "base/loop.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* What the callbacks of a test see; trace collects one letter each. */
struct scene {
	struct su_loop *loop;
	char trace[64];
	struct su_watch *watch;
	struct su_timer *timer;
	int count;
};

static int set_up(void **state)
{
	static struct scene scene;
	scene = (struct scene){ .loop = su_loop_new() };
	*state = &scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;
	su_watch_free(&scene->watch);
	su_timer_free(&scene->timer);
	su_loop_free(&scene->loop);
	assert_null(scene->loop);
	return 0;
}

static void note_a(void *arg)
{
	strcat(((struct scene *)arg)->trace, "a");
}

static void note_b(void *arg)
{
	strcat(((struct scene *)arg)->trace, "b");
}

static void stop(void *arg)
{
	su_loop_stop(((struct scene *)arg)->loop);
}

static void post_b_and_stop(void *arg)
{
	struct scene *scene = arg;
	su_loop_post(scene->loop, note_b, scene);
	su_loop_stop(scene->loop);
}

static void test_messages_keep_their_order(void **state)
{
	struct scene *scene = *state;
	su_loop_post(scene->loop, note_a, scene);
	su_loop_post(scene->loop, note_b, scene);
	su_loop_post(scene->loop, note_a, scene);
	su_loop_post(scene->loop, stop, scene);
	su_loop_run(scene->loop);
	assert_string_equal(scene->trace, "aba");
}

static void test_what_is_posted_before_the_stop_is_run(void **state)
{
	struct scene *scene = *state;
	su_loop_post(scene->loop, post_b_and_stop, scene);
	su_loop_run(scene->loop);
	assert_string_equal(scene->trace, "b");
}

static void test_stop_before_run_and_a_second_run(void **state)
{
	struct scene *scene = *state;
	su_loop_post(scene->loop, note_a, scene);
	su_loop_stop(scene->loop);
	su_loop_run(scene->loop);
	assert_string_equal(scene->trace, "a");
	su_loop_post(scene->loop, post_b_and_stop, scene);
	su_loop_run(scene->loop);
	assert_string_equal(scene->trace, "ab");
}

#define N_SENDERS  4
#define N_MESSAGES 2000

struct sender {
	struct scene *scene;
	int received;
	bool disordered;
};

struct parcel {
	struct sender *sender;
	int number;
};

static struct parcel parcels[N_SENDERS][N_MESSAGES];

static void receive(void *arg)
{
	struct parcel *parcel = arg;
	struct sender *sender = parcel->sender;
	if (parcel->number != sender->received)
		sender->disordered = true;
	sender->received++;
	if (++sender->scene->count == N_SENDERS * N_MESSAGES)
		su_loop_stop(sender->scene->loop);
}

static void *send_all(void *arg)
{
	struct parcel *first = arg;
	for (int i = 0; i < N_MESSAGES; i++)
		su_loop_post(first->sender->scene->loop, receive, &first[i]);
	return NULL;
}

static void test_messages_of_many_threads(void **state)
{
	struct scene *scene = *state;
	struct sender senders[N_SENDERS] = { 0 };
	pthread_t threads[N_SENDERS];
	for (int t = 0; t < N_SENDERS; t++) {
		senders[t].scene = scene;
		for (int i = 0; i < N_MESSAGES; i++)
			parcels[t][i] = (struct parcel){ &senders[t], i };
		assert_int_equal(pthread_create(&threads[t], NULL, send_all, parcels[t]), 0);
	}
	su_loop_run(scene->loop);
	for (int t = 0; t < N_SENDERS; t++) {
		pthread_join(threads[t], NULL);
		assert_int_equal(senders[t].received, N_MESSAGES);
		assert_false(senders[t].disordered);
	}
}

static void on_first_byte(int fd, unsigned events, void *arg)
{
	struct scene *scene = arg;
	char byte;
	assert_int_equal(events, SU_LOOP_READ);
	assert_int_equal(read(fd, &byte, 1), 1);
	strncat(scene->trace, &byte, 1);
	if (byte == '!')
		su_loop_stop(scene->loop);
}

static void test_watch_is_level_triggered(void **state)
{
	struct scene *scene = *state;
	int ends[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(write(ends[0], "xyz!", 4), 4);
	scene->watch = su_watch_new(scene->loop, ends[1], SU_LOOP_READ, on_first_byte, scene);
	su_loop_run(scene->loop);
	assert_string_equal(scene->trace, "xyz!");
	su_watch_free(&scene->watch);
	assert_null(scene->watch);
	/* The descriptor stayed ours. */
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(close(ends[1]), 0);
}

static void on_writable(int fd, unsigned events, void *arg)
{
	struct scene *scene = arg;
	(void)fd;
	scene->count = (int)events;
	/* A watch may go away in its own callback. */
	su_watch_free(&scene->watch);
	su_loop_stop(scene->loop);
}

static void test_watch_for_both_directions(void **state)
{
	struct scene *scene = *state;
	int ends[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(write(ends[0], "x", 1), 1);
	scene->watch = su_watch_new(
		scene->loop, ends[1], SU_LOOP_READ | SU_LOOP_WRITE, on_writable, scene);
	su_loop_run(scene->loop);
	assert_int_equal(scene->count, SU_LOOP_READ | SU_LOOP_WRITE);
	assert_null(scene->watch);
	close(ends[0]);
	close(ends[1]);
}

static void count_down(void *arg)
{
	struct scene *scene = arg;
	strcat(scene->trace, "t");
	if (++scene->count == 3)
		su_loop_stop(scene->loop);
	else
		su_timer_set(scene->timer, 0);
}

static void test_timer_is_one_shot_and_can_be_set_again(void **state)
{
	struct scene *scene = *state;
	scene->timer = su_timer_new(scene->loop, count_down, scene);
	su_timer_set(scene->timer, -7); /* in the past: now */
	su_loop_run(scene->loop);
	assert_string_equal(scene->trace, "ttt");
}

static void test_timers_fire_in_the_order_of_their_times(void **state)
{
	struct scene *scene = *state;
	struct su_timer *a = su_timer_new(scene->loop, note_a, scene);
	struct su_timer *b = su_timer_new(scene->loop, note_b, scene);
	struct su_timer *never = su_timer_new(scene->loop, note_a, scene);
	struct su_timer *end = su_timer_new(scene->loop, stop, scene);
	su_timer_set(a, 1000000);
	su_timer_set(a, 2); /* replaces the earlier time */
	su_timer_set(b, 1);
	su_timer_set(never, 0);
	su_timer_cancel(never);
	su_timer_set(end, 3);
	su_loop_run(scene->loop);
	assert_string_equal(scene->trace, "ba");
	su_timer_free(&a);
	su_timer_free(&b);
	su_timer_free(&never);
	su_timer_free(&end);
	su_timer_free(&end);
	assert_null(end);
}

static void on_usr1(int signal_number, void *arg)
{
	struct scene *scene = arg;
	scene->count = signal_number;
	su_loop_stop(scene->loop);
}

static void test_signals_arrive_on_the_loop(void **state)
{
	struct scene *scene = *state;
	su_loop_on_signal(scene->loop, SIGUSR1, on_usr1, scene);
	raise(SIGUSR1);
	assert_int_equal(scene->count, 0);
	su_loop_run(scene->loop);
	assert_int_equal(scene->count, SIGUSR1);
}

static void test_free_accepts_nothing(void **state)
{
	struct su_loop *loop = NULL;
	(void)state;
	su_loop_free(&loop);
	su_loop_free(NULL);
	su_watch_free(NULL);
	su_timer_free(NULL);
	assert_null(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_messages_keep_their_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_what_is_posted_before_the_stop_is_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_stop_before_run_and_a_second_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_messages_of_many_threads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_watch_is_level_triggered, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_watch_for_both_directions, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_timer_is_one_shot_and_can_be_set_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_timers_fire_in_the_order_of_their_times, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_signals_arrive_on_the_loop, set_up, tear_down),
		cmocka_unit_test(test_free_accepts_nothing),
	};
	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
