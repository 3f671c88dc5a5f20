/* SPDX-License-Identifier: Apache-2.0 */
/* Passes over libcoap's sessions: held back, wanted, due; and what they are for still happens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <unistd.h>

#include "coap_loopback.h"
#include "server/coap_pass.h"
#include "server/coap_turn.h"

enum { TRIES = 1000 };

struct fixture {
	struct su_loop *loop;
	coap_context_t *context;
	coap_session_t *session;
	int silent_fd; /* to which the session sends */
	unsigned n_given_up;
};

static void on_nack(coap_session_t *session, const coap_pdu_t *sent,
	const coap_nack_reason_t reason, const coap_mid_t mid)
{
	(void)sent;
	(void)mid;
	struct fixture *f = coap_get_app_data(coap_session_get_context(session));
	f->n_given_up += reason == COAP_NACK_TOO_MANY_RETRIES;
	su_loop_stop(f->loop);
}

static int set_up(void **state)
{
	static struct fixture f;
	f = (struct fixture){ .loop = su_loop_new(), .context = coap_new_context(NULL) };
	coap_set_log_level(LOG_EMERG);
	coap_set_app_data(f.context, &f);
	coap_register_nack_handler(f.context, on_nack);
	coap_address_t address = coap_loopback_open(&f.silent_fd);
	f.session = coap_new_client_session(f.context, NULL, &address, COAP_PROTO_UDP);
	assert_non_null(f.session);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	coap_session_release(f->session);
	coap_free_context(f->context);
	su_loop_free(&f->loop);
	close(f->silent_fd);
	return 0;
}

/* A message that nobody acknowledges: a pass that is made tells when it is due. */
static void send_confirmable(const struct fixture *f)
{
	coap_pdu_t *pdu = coap_pdu_init(
		COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, coap_new_message_id(f->session), 64);
	assert_int_not_equal(coap_send(f->session, pdu), COAP_INVALID_MID);
}

static bool is_made(const struct fixture *f)
{
	coap_tick_t now;
	coap_ticks(&now);
	return coap_io_prepare_epoll(f->context, now) > 0;
}

static void holds_back_what_comes_at_once(void **state)
{
	struct fixture *f = *state;
	struct coap_pass *pass = coap_pass_new(f->loop, f->context);
	unsigned n_made = 0;
	assert_non_null(pass);
	send_confirmable(f);
	assert_true(is_made(f));
	for (unsigned i = 0; i < TRIES; i++)
		n_made += is_made(f);
	assert_true(n_made < TRIES);
	coap_pass_free(&pass);
	assert_null(pass);
}

static void never_holds_back_what_is_wanted(void **state)
{
	struct fixture *f = *state;
	struct coap_pass *pass = coap_pass_new(f->loop, f->context);
	send_confirmable(f);
	for (unsigned i = 0; i < TRIES; i++) {
		coap_pass_want(f->context);
		assert_true(is_made(f));
	}
	coap_pass_free(&pass);
}

static void leaves_other_contexts_alone(void **state)
{
	struct fixture *f = *state;
	coap_context_t *other = coap_new_context(NULL);
	struct coap_pass *pass = coap_pass_new(f->loop, other);
	assert_null(coap_pass_new(f->loop, f->context));
	send_confirmable(f);
	coap_pass_want(f->context);
	for (unsigned i = 0; i < TRIES; i++)
		assert_true(is_made(f));
	coap_pass_free(&pass);
	coap_free_context(other);
}

/* libcoap's own timer leads to it, and what is due after a pass was held back. */
static void repeats_and_gives_up(void **state)
{
	struct fixture *f = *state;
	const struct coap_sockets none = { 0 };
	struct coap_turn *turn = coap_turn_new(&(struct coap_turn_opts){
		.loop = f->loop, .context = f->context, .plain = &none, .secure = &none });
	assert_non_null(turn);
	coap_session_set_ack_timeout(f->session, (coap_fixed_point_t){ 0, 10 });
	coap_session_set_max_retransmit(f->session, 2);
	assert_false(is_made(f));
	send_confirmable(f);
	(void)is_made(f);
	su_loop_run(f->loop);
	assert_int_equal(f->n_given_up, 1);
	coap_turn_free(&turn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(holds_back_what_comes_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(never_holds_back_what_is_wanted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(leaves_other_contexts_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(repeats_and_gives_up, set_up, tear_down),
	};
	coap_startup();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
