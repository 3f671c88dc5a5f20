/* SPDX-License-Identifier: Apache-2.0 */
/* Devices wait, get commands, and show that they have them or not. The socket is one end of a pair: what
 * the other end has not read counts as not acknowledged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "server/http_channel.h"

#define NOW_MS   INT64_C(1763712000000)
#define LONG_MS  INT64_C(3600000)
#define PATIENCE 200 /* rounds of the loop until something must have happened */

/* A request that waits. */
struct request {
	struct http_wait *wait;
	unsigned n_answers;
	uint64_t command;
	bool stopping;
	char body[512];
};

struct fixture {
	struct su_loop *loop;
	struct http_channel *http;
	struct channel channel;
	int64_t replaced_ms, silence_ms, grace_ms;
	unsigned n_reached;
	char reached[32];
	unsigned n_results;
	struct command_result result;
	struct request requests[4]; /* answered at the latest when the channel is freed */
};

static void on_reach(void *arg, const char *endpoint, int64_t now_ms)
{
	struct fixture *fixture = arg;
	assert_true(now_ms >= NOW_MS);
	fixture->n_reached++;
	snprintf(fixture->reached, sizeof(fixture->reached), "%s", endpoint);
}

static void open_channel(struct fixture *fixture)
{
	fixture->http = http_channel_new(&(struct http_channel_opts){
		.loop = fixture->loop,
		.max_waits = 3,
		.max_commands = 2,
		.replaced_ms = fixture->replaced_ms,
		.silence_ms = fixture->silence_ms,
		.grace_ms = fixture->grace_ms,
		.on_reach = on_reach,
		.arg = fixture,
	});
	fixture->channel = http_channel_of(fixture->http);
}

static int set_up(void **state)
{
	struct fixture *fixture = su_new(struct fixture);
	fixture->loop = su_loop_new();
	fixture->silence_ms = LONG_MS;
	fixture->grace_ms = LONG_MS;
	open_channel(fixture);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	http_channel_free(&fixture->http);
	su_loop_free(&fixture->loop);
	su_free_ptr(&fixture);
	return 0;
}

static void reopen(struct fixture *fixture, int64_t silence_ms, int64_t grace_ms)
{
	http_channel_free(&fixture->http);
	fixture->silence_ms = silence_ms;
	fixture->grace_ms = grace_ms;
	open_channel(fixture);
}

static void stop_loop(void *arg)
{
	su_loop_stop(arg);
}

static void turn(struct fixture *fixture)
{
	su_loop_post(fixture->loop, stop_loop, fixture->loop);
	su_loop_run(fixture->loop);
}

static void settle(struct fixture *fixture)
{
	for (int i = 0; i < 5; i++)
		turn(fixture);
}

static void until(struct fixture *fixture, const unsigned *count, unsigned n)
{
	for (int i = 0; i < PATIENCE && *count < n; i++)
		turn(fixture);
	assert_int_equal(*count, n);
}

static void on_answer(void *arg, const struct http_channel_answer *answer)
{
	struct request *request = arg;
	request->wait = NULL;
	request->n_answers++;
	request->command = answer->command;
	request->stopping = answer->stopping;
	snprintf(request->body, sizeof(request->body), "%.*s", (int)answer->body.len,
		answer->body.data ? (const char *)answer->body.data : "");
}

static enum su_status wait_for(
	struct fixture *fixture, const char *endpoint, int64_t wait_ms, struct request *request)
{
	*request = (struct request){ 0 };
	const struct http_waiter waiter = {
		.endpoint = endpoint,
		.format = WIRE_JSON,
		.now_ms = NOW_MS,
		.wait_ms = wait_ms,
		.on_answer = on_answer,
		.arg = request,
	};
	return http_channel_wait(fixture->http, &waiter, &request->wait, NULL);
}

/* Waits, and the tracker knows. */
static void begin_to_wait(struct fixture *fixture, const char *endpoint, struct request *request)
{
	unsigned n = fixture->n_reached + 1;
	assert_int_equal(wait_for(fixture, endpoint, LONG_MS, request), SU_OK);
	until(fixture, &fixture->n_reached, n);
	assert_string_equal(fixture->reached, endpoint);
}

static void on_done(void *arg, const struct command_result *result)
{
	struct fixture *fixture = arg;
	fixture->n_results++;
	fixture->result = *result;
}

static enum su_status send_kind(
	struct fixture *fixture, const char *endpoint, enum command_kind kind)
{
	const struct device_command command = {
		.kind = kind,
		.endpoint = endpoint,
		.release = { .alg = DIGEST_SHA256, .len = 32 },
	};
	return fixture->channel.send(fixture->channel.self, &command, on_done, fixture, NULL);
}

static bool in_reach(struct fixture *fixture, const char *endpoint, int64_t *until_ms)
{
	return fixture->channel.in_reach(fixture->channel.self, endpoint, NOW_MS, until_ms);
}

/* The answer is written; of it the peer has read all, or nothing. Returns the peer's end. */
static int deliver(struct fixture *fixture, const struct request *request, bool read_all)
{
	int ends[2];
	char byte = 'x';
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(write(ends[0], &byte, 1), 1);
	if (read_all)
		assert_int_equal(read(ends[1], &byte, 1), 1);
	http_channel_sent(fixture->http, request->command, ends[0]);
	return ends[1];
}

static void expect(struct fixture *fixture, enum command_outcome outcome)
{
	unsigned n = fixture->n_results;
	until(fixture, &fixture->n_results, n + 1);
	assert_int_equal(fixture->result.outcome, outcome);
}

static void test_only_who_waits_is_in_reach(void **state)
{
	struct fixture *fixture = *state;
	struct request *request = &fixture->requests[0];
	int64_t until_ms = 0;
	assert_false(in_reach(fixture, "a", &until_ms));
	assert_int_equal(send_kind(fixture, "a", COMMAND_OFFER), SU_NOT_FOUND);
	begin_to_wait(fixture, "a", request);
	assert_true(in_reach(fixture, "a", &until_ms));
	assert_int_equal(until_ms, NOW_MS + LONG_MS);
	assert_false(in_reach(fixture, "b", &until_ms));
	http_channel_leave(fixture->http, &request->wait);
	assert_false(in_reach(fixture, "a", &until_ms));
	assert_int_equal(send_kind(fixture, "a", COMMAND_OFFER), SU_NOT_FOUND);
	settle(fixture);
	assert_int_equal(request->n_answers, 0);
	assert_int_equal(fixture->n_results, 0);
}

static void test_nothing_comes_in_time(void **state)
{
	struct fixture *fixture = *state;
	struct request *request = &fixture->requests[0];
	int64_t until_ms;
	assert_int_equal(wait_for(fixture, "a", 1, request), SU_OK);
	while (request->n_answers == 0)
		turn(fixture);
	assert_int_equal(request->command, 0);
	assert_false(request->stopping);
	assert_string_equal(request->body, "");
	assert_int_equal(fixture->n_reached, 1);
	assert_false(in_reach(fixture, "a", &until_ms));
}

static void test_a_newer_request_takes_the_place(void **state)
{
	struct fixture *fixture = *state;
	struct request *older = &fixture->requests[0];
	struct request *newer = &fixture->requests[1];
	begin_to_wait(fixture, "a", older);
	begin_to_wait(fixture, "a", newer);
	until(fixture, &older->n_answers, 1);
	assert_int_equal(older->command, 0);
	assert_int_equal(newer->n_answers, 0);
	assert_int_equal(send_kind(fixture, "a", COMMAND_TRIGGER), SU_OK);
	assert_int_equal(newer->n_answers, 1);
	assert_true(newer->command > 0);
}

static void test_two_of_one_name_do_not_race(void **state)
{
	struct fixture *fixture = *state;
	struct request *older = &fixture->requests[0];
	struct request *newer = &fixture->requests[1];
	struct request *third = &fixture->requests[2];
	fixture->replaced_ms = LONG_MS;
	reopen(fixture, LONG_MS, LONG_MS);
	begin_to_wait(fixture, "a", older);
	begin_to_wait(fixture, "a", newer);
	begin_to_wait(fixture, "a", third);
	http_channel_leave(fixture->http, &newer->wait);
	settle(fixture);
	assert_int_equal(older->n_answers, 0);
	assert_int_equal(send_kind(fixture, "a", COMMAND_ASK), SU_OK);
	assert_int_equal(third->n_answers, 1);
	http_channel_stop(fixture->http);
	assert_int_equal(older->n_answers, 1);
	assert_int_equal(newer->n_answers, 0);
}

static void test_a_command_is_the_answer(void **state)
{
	struct fixture *fixture = *state;
	struct request *request = &fixture->requests[0];
	int64_t until_ms;
	begin_to_wait(fixture, "a", request);
	assert_int_equal(send_kind(fixture, "a", COMMAND_TRIGGER), SU_OK);
	assert_int_equal(request->n_answers, 1);
	assert_non_null(strstr(request->body, "\"command\":\"trigger\""));
	assert_false(in_reach(fixture, "a", &until_ms));
	close(deliver(fixture, request, true));
	settle(fixture);
	assert_int_equal(fixture->n_results, 0);
	http_channel_heard(fixture->http, "b");
	settle(fixture);
	assert_int_equal(fixture->n_results, 0);
	http_channel_heard(fixture->http, "a");
	expect(fixture, COMMAND_TAKEN);
	http_channel_heard(fixture->http, "a");
	settle(fixture);
	assert_int_equal(fixture->n_results, 1);
}

static void test_a_message_before_the_answer_is_no_sign(void **state)
{
	struct fixture *fixture = *state;
	struct request *request = &fixture->requests[0];
	begin_to_wait(fixture, "a", request);
	assert_int_equal(send_kind(fixture, "a", COMMAND_TRIGGER), SU_OK);
	http_channel_heard(fixture->http, "a");
	settle(fixture);
	assert_int_equal(fixture->n_results, 0);
	http_channel_sent(fixture->http, request->command, -1);
	expect(fixture, COMMAND_LOST);
}

static void test_unacknowledged_bytes_mean_lost(void **state)
{
	struct fixture *fixture = *state;
	struct request *request = &fixture->requests[0];
	struct request *next = &fixture->requests[1];
	reopen(fixture, LONG_MS, 0);
	begin_to_wait(fixture, "a", request);
	assert_int_equal(send_kind(fixture, "a", COMMAND_OFFER), SU_OK);
	int peer = deliver(fixture, request, false);
	http_channel_heard(fixture->http, "a");
	assert_int_equal(wait_for(fixture, "a", LONG_MS, next), SU_OK);
	expect(fixture, COMMAND_LOST);
	/* It waits on a connection that works: the tracker hears of that after the loss. */
	until(fixture, &fixture->n_reached, 2);
	assert_int_equal(send_kind(fixture, "a", COMMAND_OFFER), SU_OK);
	assert_int_equal(next->n_answers, 1);
	close(peer);
}

static void test_an_acknowledgement_may_be_late(void **state)
{
	struct fixture *fixture = *state;
	struct request *request = &fixture->requests[0];
	char byte;
	reopen(fixture, LONG_MS, 1);
	begin_to_wait(fixture, "a", request);
	assert_int_equal(send_kind(fixture, "a", COMMAND_INSTALL), SU_OK);
	int peer = deliver(fixture, request, false);
	http_channel_heard(fixture->http, "a");
	assert_int_equal(read(peer, &byte, 1), 1);
	while (fixture->n_results == 0)
		turn(fixture);
	assert_int_equal(fixture->result.outcome, COMMAND_TAKEN);
	close(peer);
}

static void test_silence_means_lost(void **state)
{
	struct fixture *fixture = *state;
	struct request *request = &fixture->requests[0];
	reopen(fixture, 0, LONG_MS);
	begin_to_wait(fixture, "a", request);
	assert_int_equal(send_kind(fixture, "a", COMMAND_NOTICE), SU_OK);
	close(deliver(fixture, request, true));
	expect(fixture, COMMAND_LOST);
}

static void test_one_command_at_a_time(void **state)
{
	struct fixture *fixture = *state;
	struct request *request = &fixture->requests[0];
	struct request *next = &fixture->requests[1];
	int64_t until_ms;
	begin_to_wait(fixture, "a", request);
	assert_int_equal(send_kind(fixture, "a", COMMAND_ASK), SU_OK);
	assert_int_equal(wait_for(fixture, "a", LONG_MS, next), SU_OK);
	settle(fixture);
	assert_int_equal(send_kind(fixture, "a", COMMAND_ASK), SU_BUSY);
	assert_false(in_reach(fixture, "a", &until_ms));
	assert_int_equal(fixture->n_reached, 1);
	close(deliver(fixture, request, true));
	http_channel_heard(fixture->http, "a");
	expect(fixture, COMMAND_TAKEN);
	assert_int_equal(fixture->n_reached, 2);
	assert_true(in_reach(fixture, "a", &until_ms));
}

static void test_a_push_cannot_be(void **state)
{
	struct fixture *fixture = *state;
	struct request *request = &fixture->requests[0];
	begin_to_wait(fixture, "a", request);
	assert_int_equal(send_kind(fixture, "a", COMMAND_PUSH), SU_OK);
	assert_int_equal(fixture->n_results, 0);
	expect(fixture, COMMAND_CANNOT);
	assert_int_equal(request->n_answers, 0);
	assert_int_equal(send_kind(fixture, "a", COMMAND_TRIGGER), SU_OK);
	assert_int_equal(request->n_answers, 1);
}

static void test_bounds(void **state)
{
	struct fixture *fixture = *state;
	struct request *requests = fixture->requests;
	begin_to_wait(fixture, "a", &requests[0]);
	begin_to_wait(fixture, "b", &requests[1]);
	begin_to_wait(fixture, "c", &requests[2]);
	assert_int_equal(wait_for(fixture, "d", LONG_MS, &requests[3]), SU_BUSY);
	assert_int_equal(send_kind(fixture, "a", COMMAND_ASK), SU_OK);
	assert_int_equal(send_kind(fixture, "b", COMMAND_ASK), SU_OK);
	assert_int_equal(send_kind(fixture, "c", COMMAND_ASK), SU_BUSY);
	assert_int_equal(wait_for(fixture, "d", LONG_MS, &requests[3]), SU_OK);
}

static void test_the_end_of_the_server(void **state)
{
	struct fixture *fixture = *state;
	struct request *waiting = &fixture->requests[0];
	struct request *commanded = &fixture->requests[1];
	struct request *late = &fixture->requests[2];
	begin_to_wait(fixture, "a", waiting);
	begin_to_wait(fixture, "b", commanded);
	assert_int_equal(send_kind(fixture, "b", COMMAND_OFFER), SU_OK);
	http_channel_stop(fixture->http);
	assert_int_equal(waiting->n_answers, 1);
	assert_true(waiting->stopping);
	assert_int_equal(fixture->n_results, 1);
	assert_int_equal(fixture->result.outcome, COMMAND_LOST);
	assert_int_equal(wait_for(fixture, "a", LONG_MS, late), SU_RETRY);
	assert_int_equal(send_kind(fixture, "a", COMMAND_OFFER), SU_RETRY);
	int peer = deliver(fixture, commanded, true); /* the connection ends later */
	char byte;
	assert_int_equal(read(peer, &byte, 1), 0); /* and its descriptor is closed */
	close(peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		CASE(test_only_who_waits_is_in_reach),
		CASE(test_nothing_comes_in_time),
		CASE(test_a_newer_request_takes_the_place),
		CASE(test_two_of_one_name_do_not_race),
		CASE(test_a_command_is_the_answer),
		CASE(test_a_message_before_the_answer_is_no_sign),
		CASE(test_unacknowledged_bytes_mean_lost),
		CASE(test_an_acknowledgement_may_be_late),
		CASE(test_silence_means_lost),
		CASE(test_one_command_at_a_time),
		CASE(test_a_push_cannot_be),
		CASE(test_bounds),
		CASE(test_the_end_of_the_server),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
