/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams in batches: what is answered at once, what is left to recvmsg, what waits for the release. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/coap_datagrams.h"

struct fixture {
	int server, client;
	struct sockaddr_un server_name, client_name;
	socklen_t server_len, client_len;
	struct coap_datagrams *datagrams;
	atomic_uint_fast64_t unsent;
};

/* The kernel gives names of its own choice: nothing appears in the file system. */
static int open_socket(struct sockaddr_un *name, socklen_t *len)
{
	struct sockaddr_un any = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof(any.sun_family)), 0);
	*len = sizeof(*name);
	assert_int_equal(getsockname(fd, (struct sockaddr *)name, len), 0);
	return fd;
}

/* Answers what begins with "!" with the same behind a "?". */
static size_t answer(void *arg, const struct coap_datagram *datagram, uint8_t *out)
{
	struct fixture *f = arg;
	assert_int_equal(datagram->peer->sa_family, f->client_name.sun_family);
	assert_true(datagram->is_for_us_alone);
	if (datagram->bytes.len == 0 || datagram->bytes.data[0] != '!')
		return 0;
	memcpy(out, datagram->bytes.data, datagram->bytes.len);
	out[0] = '?';
	return datagram->bytes.len;
}

static int set_up(void **state)
{
	static struct fixture f;
	f.server = open_socket(&f.server_name, &f.server_len);
	f.client = open_socket(&f.client_name, &f.client_len);
	atomic_store(&f.unsent, 0);
	f.datagrams = coap_datagrams_new(f.server, answer, &f, &f.unsent);
	assert_non_null(f.datagrams);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	coap_datagrams_free(&f->datagrams);
	assert_null(f->datagrams);
	close(f->server);
	close(f->client);
	return 0;
}

static void say(const struct fixture *f, const char *text)
{
	assert_int_equal(sendto(f->client, text, strlen(text), 0,
				 (const struct sockaddr *)&f->server_name, f->server_len),
		strlen(text));
}

/* "" when nothing has come. */
static const char *hear(const struct fixture *f)
{
	static char text[64];
	ssize_t n = recv(f->client, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static ssize_t read_as_libcoap(int fd, char *out, size_t size, struct sockaddr_un *peer)
{
	struct iovec vector = { out, size - 1 };
	struct msghdr message = {
		.msg_name = peer, .msg_namelen = sizeof(*peer), .msg_iov = &vector, .msg_iovlen = 1
	};
	ssize_t n = recvmsg(fd, &message, 0);
	if (n >= 0)
		out[n] = '\0';
	return n;
}

static void write_as_libcoap(const struct fixture *f, const char *text)
{
	struct iovec vector = { (void *)(uintptr_t)text, strlen(text) };
	struct msghdr message = { .msg_name = (void *)(uintptr_t)&f->client_name,
		.msg_namelen = f->client_len,
		.msg_iov = &vector,
		.msg_iovlen = 1 };
	assert_int_equal(sendmsg(f->server, &message, 0), strlen(text));
}

static void test_answers_and_leaves_in_order(void **state)
{
	struct fixture *f = *state;
	bool is_full;
	char text[64];
	struct sockaddr_un peer;
	say(f, "one");
	say(f, "!two");
	say(f, "three");
	assert_int_equal(coap_datagrams_receive(f->datagrams, &is_full), 2);
	assert_false(is_full);
	assert_string_equal(hear(f), "?two");
	assert_int_equal(read_as_libcoap(f->server, text, sizeof(text), &peer), 3);
	assert_string_equal(text, "one");
	assert_memory_equal(&peer, &f->client_name, f->client_len);
	assert_int_equal(read_as_libcoap(f->server, text, sizeof(text), &peer), 5);
	assert_string_equal(text, "three");
	assert_int_equal(read_as_libcoap(f->server, text, sizeof(text), &peer), -1);
	assert_int_equal(coap_datagrams_receive(f->datagrams, &is_full), 0);
}

static void test_cuts_what_the_reader_has_no_room_for(void **state)
{
	struct fixture *f = *state;
	bool is_full;
	char text[4];
	struct sockaddr_un peer;
	say(f, "abcdef");
	assert_int_equal(coap_datagrams_receive(f->datagrams, &is_full), 1);
	assert_int_equal(read_as_libcoap(f->server, text, sizeof(text), &peer), 3);
	assert_string_equal(text, "abc");
}

static void test_what_is_held_goes_out_at_the_outermost_release(void **state)
{
	struct fixture *f = *state;
	coap_datagrams_hold();
	write_as_libcoap(f, "first");
	coap_datagrams_hold();
	write_as_libcoap(f, "second");
	coap_datagrams_release();
	assert_string_equal(hear(f), "");
	coap_datagrams_release();
	assert_string_equal(hear(f), "first");
	assert_string_equal(hear(f), "second");
	write_as_libcoap(f, "at once");
	assert_string_equal(hear(f), "at once");
}

static void test_a_full_batch_does_not_wait(void **state)
{
	struct fixture *f = *state;
	const char *const texts[] = { "a", "b", "c" };
	coap_datagrams_hold();
	/* A queue of the peer is shorter than a batch: it is emptied after each full one. */
	for (size_t i = 0; i < COAP_DATAGRAMS_BATCH; i++)
		write_as_libcoap(f, texts[i % 3]);
	assert_string_equal(hear(f), "");
	write_as_libcoap(f, "last");
	assert_string_equal(hear(f), "a");
	while (hear(f)[0] != '\0')
		;
	coap_datagrams_release();
	assert_string_equal(hear(f), "last");
}

/* The kernel lets so few wait for a reader that a batch does not find room. */
static void test_what_finds_no_room_counts_as_sent_and_is_counted(void **state)
{
	struct fixture *f = *state;
	enum { MORE_THAN_WAIT = 3000 };
	size_t n_heard = 0;
	for (size_t i = 0; i < MORE_THAN_WAIT / 2; i++)
		write_as_libcoap(f, "x");
	coap_datagrams_hold();
	for (size_t i = 0; i < MORE_THAN_WAIT / 2; i++)
		write_as_libcoap(f, "x");
	coap_datagrams_release();
	while (hear(f)[0] != '\0')
		n_heard++;
	assert_in_range(n_heard, 1, MORE_THAN_WAIT - 1);
	assert_int_equal(atomic_load(&f->unsent), MORE_THAN_WAIT - n_heard);
	write_as_libcoap(f, "y");
	assert_string_equal(hear(f), "y");
}

static void test_one_without_a_way_does_not_stop_the_others(void **state)
{
	struct fixture *f = *state;
	const struct sockaddr_un nobody = { .sun_family = AF_UNIX };
	struct iovec vector = { (void *)(uintptr_t) "lost", 4 };
	struct msghdr message = { .msg_name = (void *)(uintptr_t)&nobody,
		.msg_namelen = sizeof(nobody),
		.msg_iov = &vector,
		.msg_iovlen = 1 };
	coap_datagrams_hold();
	write_as_libcoap(f, "before");
	assert_int_equal(sendmsg(f->server, &message, 0), 4);
	write_as_libcoap(f, "behind");
	coap_datagrams_release();
	assert_string_equal(hear(f), "before");
	assert_string_equal(hear(f), "behind");
	assert_int_equal(atomic_load(&f->unsent), 1);
}

static void test_another_socket_is_passed_on(void **state)
{
	struct fixture *f = *state;
	int pair[2];
	char text[8];
	struct sockaddr_un peer;
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair), 0);
	struct iovec vector = { (void *)(uintptr_t) "hello", 5 };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };
	coap_datagrams_hold();
	assert_int_equal(sendmsg(pair[0], &message, 0), 5);
	assert_int_equal(read_as_libcoap(pair[1], text, sizeof(text), &peer), 5);
	assert_string_equal(text, "hello");
	coap_datagrams_release();
	assert_string_equal(hear(f), "");
	close(pair[0]);
	close(pair[1]);
}

static void test_after_free_the_kernel_is_asked(void **state)
{
	struct fixture *f = *state;
	char text[64];
	struct sockaddr_un peer;
	coap_datagrams_free(&f->datagrams);
	say(f, "!direct");
	assert_int_equal(read_as_libcoap(f->server, text, sizeof(text), &peer), 7);
	assert_string_equal(text, "!direct");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_answers_and_leaves_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_cuts_what_the_reader_has_no_room_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_what_is_held_goes_out_at_the_outermost_release, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_full_batch_does_not_wait, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_what_finds_no_room_counts_as_sent_and_is_counted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_one_without_a_way_does_not_stop_the_others, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_another_socket_is_passed_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_after_free_the_kernel_is_asked, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
