/* SPDX-License-Identifier: Apache-2.0 */
/* Configured addresses, or the sockets that systemd hands over from descriptor 3 on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "daemon/listeners.h"

#define FIRST_FD 3

static const char *const addresses[] = { "127.0.0.1:8080", "[::1]:8080" };
static const struct config_list configured = { 2, addresses };

static void hand_over(int type, bool listening, const char *names)
{
	char pid[32];
	int fd = socket(AF_UNIX, type, 0);
	assert_true(fd >= 0);
	/* An unbound Unix socket gets a name of its own from an empty address. */
	struct sockaddr any = { .sa_family = AF_UNIX };
	assert_int_equal(bind(fd, &any, sizeof(any.sa_family)), 0);
	if (listening)
		assert_int_equal(listen(fd, 1), 0);
	if (fd != FIRST_FD) {
		assert_int_equal(dup2(fd, FIRST_FD), FIRST_FD);
		close(fd);
	}
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
	if (names)
		setenv("LISTEN_FDNAMES", names, 1);
}

static int tear_down(void **state)
{
	(void)state;
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	close(FIRST_FD);
	return 0;
}

static void test_takes_configured_addresses(void **state)
{
	(void)state;
	struct http_listen *listen su_auto(su_free_ptr) = NULL;
	size_t n;
	assert_int_equal(listeners_http(&configured, &listen, &n, NULL), SU_OK);
	assert_int_equal(n, 2);
	assert_string_equal(listen[0].address, "127.0.0.1:8080");
	assert_string_equal(listen[1].address, "[::1]:8080");
	assert_int_equal(listen[1].fd, -1);
}

static void test_takes_the_socket_in_their_place(void **state)
{
	(void)state;
	struct http_listen *listen su_auto(su_free_ptr) = NULL;
	size_t n;
	hand_over(SOCK_STREAM, true, "http");
	assert_int_equal(listeners_http(&configured, &listen, &n, NULL), SU_OK);
	assert_int_equal(n, 1);
	assert_int_equal(listen[0].fd, FIRST_FD);
	assert_null(getenv("LISTEN_FDS"));
}

static void test_takes_a_socket_without_a_name(void **state)
{
	(void)state;
	struct http_listen *listen su_auto(su_free_ptr) = NULL;
	size_t n;
	hand_over(SOCK_STREAM, true, NULL);
	assert_int_equal(listeners_http(&configured, &listen, &n, NULL), SU_OK);
	assert_int_equal(n, 1);
}

static void test_refuses_what_it_cannot_serve(void **state)
{
	(void)state;
	static const struct {
		int type;
		bool listening;
		const char *name, *says;
	} cases[] = {
		{ SOCK_STREAM, true, "coap", "\"coap\"" },
		{ SOCK_STREAM, false, "http", "not a listening" },
		{ SOCK_DGRAM, false, "http", "not a listening" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_listen *listen su_auto(su_free_ptr) = NULL;
		struct su_error err = { 0 };
		size_t n;
		hand_over(cases[i].type, cases[i].listening, cases[i].name);
		assert_int_equal(listeners_http(&configured, &listen, &n, &err), SU_INVALID);
		assert_non_null(strstr(err.text, cases[i].says));
		tear_down(NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_takes_configured_addresses, tear_down),
		cmocka_unit_test_teardown(test_takes_the_socket_in_their_place, tear_down),
		cmocka_unit_test_teardown(test_takes_a_socket_without_a_name, tear_down),
		cmocka_unit_test_teardown(test_refuses_what_it_cannot_serve, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
