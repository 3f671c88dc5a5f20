/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that are answered later: when they are acknowledged, and in which message the answer travels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "coap_loopback.h"
#include "server/coap_exchange.h"

enum { MID = 0x1234, TOKEN = 0x5a, PDU_BYTES = 128 };

struct fixture {
	struct coap_env env; /* first: who serves a request knows only this */
	coap_context_t *context;
	coap_session_t *session;
	struct coap_peer *peers, *peer;
	int peer_fd; /* where the peer would hear */
	struct coap_exchange *taken;
	unsigned n_served;
};

/* Of a datagram that the peer got. */
struct heard {
	unsigned type, code, mid;
	size_t token_len;
};

static int set_up(void **state)
{
	static struct fixture f;
	f = (struct fixture){ .context = coap_new_context(NULL) };
	f.env.loop = su_loop_new();
	f.env.recent = coap_recent_new(16, 60000);
	coap_set_log_level(LOG_EMERG);
	coap_address_t address = coap_loopback_open(&f.peer_fd);
	f.session = coap_new_client_session(f.context, NULL, &address, COAP_PROTO_UDP);
	assert_non_null(f.session);
	f.peer = coap_peer_new(&f.peers, f.session);
	coap_exchange_begin_all(&f.env);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	coap_exchange_abandon_all(&f->env);
	coap_peer_free(&f->peer);
	coap_session_release(f->session);
	coap_free_context(f->context);
	coap_recent_free(&f->env.recent);
	su_loop_free(&f->env.loop);
	close(f->peer_fd);
	return 0;
}

static void serve_later(struct coap_exchange *exchange)
{
	struct fixture *f = (struct fixture *)exchange->env;
	f->taken = exchange;
	f->n_served++;
}

static void serve_at_once(struct coap_exchange *exchange)
{
	coap_exchange_answer_code(exchange, COAP_RESPONSE_CODE_CHANGED);
}

/* A POST as libcoap hands it over; returns the response that libcoap would send. */
static coap_pdu_t *ask(
	struct fixture *f, coap_pdu_type_t type, void (*serve)(struct coap_exchange *exchange))
{
	static const uint8_t token[] = { TOKEN };
	const bool is_confirmable = type == COAP_MESSAGE_CON;
	coap_pdu_t *request = coap_pdu_init(type, COAP_REQUEST_CODE_POST, MID, PDU_BYTES);
	coap_pdu_t *response = coap_pdu_init(
		is_confirmable ? COAP_MESSAGE_ACK : COAP_MESSAGE_NON, 0, MID, PDU_BYTES);
	coap_add_token(request, sizeof(token), token);
	coap_add_token(response, sizeof(token), token);
	coap_exchange_run(&f->env, f->peer, request, response, serve);
	coap_delete_pdu(request);
	return response;
}

static void answer(struct fixture *f)
{
	coap_exchange_answer_code(f->taken, COAP_RESPONSE_CODE_CHANGED);
	f->taken = NULL;
}

static bool hears(struct fixture *f, struct heard *out)
{
	uint8_t bytes[PDU_BYTES];
	if (recv(f->peer_fd, bytes, sizeof(bytes), MSG_DONTWAIT) < 4)
		return false;
	*out = (struct heard){ .type = bytes[0] >> 4 & 3,
		.token_len = bytes[0] & 15,
		.code = bytes[1],
		.mid = (unsigned)bytes[2] << 8 | bytes[3] };
	return true;
}

static void stop_loop(int fd, unsigned events, void *arg)
{
	(void)fd;
	(void)events;
	su_loop_stop(arg);
}

static struct heard wait_to_hear(struct fixture *f)
{
	struct heard heard = { 0 };
	struct su_watch *watch =
		su_watch_new(f->env.loop, f->peer_fd, SU_LOOP_READ, stop_loop, f->env.loop);
	su_loop_run(f->env.loop);
	su_watch_free(&watch);
	assert_true(hears(f, &heard));
	return heard;
}

static void test_an_answer_at_once_is_the_response(void **state)
{
	struct fixture *f = *state;
	coap_pdu_t *response = ask(f, COAP_MESSAGE_CON, serve_at_once);
	assert_int_equal(coap_pdu_get_code(response), COAP_RESPONSE_CODE_CHANGED);
	assert_int_equal(coap_pdu_get_type(response), COAP_MESSAGE_ACK);
	assert_int_equal(f->env.n_owed, 0);
	assert_int_equal(f->env.n_unacknowledged, 0);
	coap_delete_pdu(response);
}

static void test_a_later_answer_travels_in_the_acknowledgement(void **state)
{
	struct fixture *f = *state;
	struct heard heard;
	coap_pdu_t *response = ask(f, COAP_MESSAGE_CON, serve_later);
	/* For such an empty response libcoap sends nothing. */
	assert_int_equal(coap_pdu_get_type(response), COAP_MESSAGE_NON);
	assert_int_equal(coap_pdu_get_code(response), 0);
	assert_int_equal(f->env.n_owed, 1);
	assert_int_equal(f->env.n_unacknowledged, 1);
	assert_false(hears(f, &heard));
	answer(f);
	heard = wait_to_hear(f);
	assert_int_equal(heard.type, COAP_MESSAGE_ACK);
	assert_int_equal(heard.code, COAP_RESPONSE_CODE_CHANGED);
	assert_int_equal(heard.mid, MID);
	assert_int_equal(heard.token_len, 1);
	assert_int_equal(f->env.n_owed, 0);
	assert_int_equal(f->env.n_unacknowledged, 0);
	assert_false(hears(f, &heard));
	coap_delete_pdu(response);
}

/* Without it, the peer would go on sending. */
static void test_who_waits_for_long_is_acknowledged_before(void **state)
{
	struct fixture *f = *state;
	coap_pdu_t *response = ask(f, COAP_MESSAGE_CON, serve_later);
	struct heard heard = wait_to_hear(f);
	assert_int_equal(heard.type, COAP_MESSAGE_ACK);
	assert_int_equal(heard.code, 0);
	assert_int_equal(heard.mid, MID);
	assert_int_equal(f->env.n_unacknowledged, 0);
	assert_int_equal(f->env.n_owed, 1);
	answer(f);
	heard = wait_to_hear(f);
	assert_int_equal(heard.type, COAP_MESSAGE_CON);
	assert_int_equal(heard.code, COAP_RESPONSE_CODE_CHANGED);
	assert_int_not_equal(heard.mid, MID);
	coap_delete_pdu(response);
}

static void test_a_repetition_is_acknowledged_and_served_once(void **state)
{
	struct fixture *f = *state;
	coap_pdu_t *first = ask(f, COAP_MESSAGE_CON, serve_later);
	coap_pdu_t *again = ask(f, COAP_MESSAGE_CON, serve_later);
	assert_int_equal(f->n_served, 1);
	assert_int_equal(coap_pdu_get_type(again), COAP_MESSAGE_ACK); /* empty, and sent */
	assert_int_equal(f->env.n_unacknowledged, 0);
	answer(f);
	const struct heard heard = wait_to_hear(f);
	assert_int_equal(heard.type, COAP_MESSAGE_CON);
	assert_int_equal(heard.code, COAP_RESPONSE_CODE_CHANGED);
	/* And after the answer, by the same answer. */
	coap_pdu_t *late = ask(f, COAP_MESSAGE_CON, serve_later);
	assert_int_equal(f->n_served, 1);
	assert_int_equal(coap_pdu_get_code(late), COAP_RESPONSE_CODE_CHANGED);
	assert_int_equal(coap_pdu_get_type(late), COAP_MESSAGE_ACK);
	coap_delete_pdu(first);
	coap_delete_pdu(again);
	coap_delete_pdu(late);
}

static void test_what_need_not_be_acknowledged_is_not(void **state)
{
	struct fixture *f = *state;
	coap_pdu_t *response = ask(f, COAP_MESSAGE_NON, serve_later);
	assert_int_equal(f->env.n_owed, 1);
	assert_int_equal(f->env.n_unacknowledged, 0);
	answer(f);
	const struct heard heard = wait_to_hear(f);
	assert_int_equal(heard.type, COAP_MESSAGE_NON);
	assert_int_equal(heard.code, COAP_RESPONSE_CODE_CHANGED);
	coap_delete_pdu(response);
}

static void test_after_the_end_answers_go_nowhere(void **state)
{
	struct fixture *f = *state;
	struct heard heard;
	coap_pdu_t *response = ask(f, COAP_MESSAGE_CON, serve_later);
	coap_exchange_abandon_all(&f->env);
	assert_int_equal(f->env.n_owed, 0);
	assert_int_equal(f->env.n_unacknowledged, 0);
	answer(f);
	assert_false(hears(f, &heard));
	coap_delete_pdu(response);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_an_answer_at_once_is_the_response, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_later_answer_travels_in_the_acknowledgement, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_who_waits_for_long_is_acknowledged_before, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_repetition_is_acknowledged_and_served_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_what_need_not_be_acknowledged_is_not, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_after_the_end_answers_go_nowhere, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
