/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Load for a CoAP server over DTLS with pre-shared keys: holds sessions, each over a socket of its
 * own, then counts handshakes, or polls over the sessions that it holds. Every answer is checked.
 * Usage: dtls_load HOST PORT KEY CIPHER HELD WINDOW SECONDS handshakes|polls PATH PID
 * Identities are bench-000000 and so on. One line of JSON tells the result, and what the processors worked
 * in the server (PID) for each handshake or poll that counts, which opening the sessions is not.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

enum {
	MAX_DATAGRAM = 2048,
	MTU = 1400,
	MAX_EVENTS = 256,
	HANDSHAKE_TIMEOUT_S = 10,
	ANSWER_TIMEOUT_S = 2,
	WARM_UP_S = 40,
	CODE_GET = 1,
	OPTION_URI_PATH = 11,
};

struct load {
	const char *key, *path;
	struct sockaddr_in server;
	SSL_CTX *context;
	int epoll_fd;
	unsigned n_held, window, n_opened;
	double seconds;
	pid_t server_pid;
	unsigned long n_done, n_failed, n_lost;
};

enum stage { STAGE_FREE, STAGE_HANDSHAKE, STAGE_IDLE, STAGE_WAITING };

struct session {
	struct load *load;
	unsigned number;
	int fd;
	SSL *ssl;
	enum stage stage;
	double since;
	uint16_t mid;
};

static double now_s(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* What a process has worked so far; 0 where we may not know. */
static double worked_s(pid_t pid)
{
	clockid_t clock;
	struct timespec worked;
	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &worked) != 0)
		return 0;
	return (double)worked.tv_sec + (double)worked.tv_nsec / 1e9;
}

struct moment {
	double at_s, server_s, own_s;
};

static struct moment moment_now(const struct load *load)
{
	return (struct moment){ now_s(), worked_s(load->server_pid), worked_s(getpid()) };
}

static void die(const char *what)
{
	fprintf(stderr, "dtls_load: %s: %s\n", what, strerror(errno));
	ERR_print_errors_fp(stderr);
	exit(1);
}

static unsigned on_key(SSL *ssl, const char *hint, char *identity, unsigned identity_size,
	unsigned char *key, unsigned key_size)
{
	const struct session *session = SSL_get_app_data(ssl);
	size_t len = strlen(session->load->key);
	(void)hint;
	if (snprintf(identity, identity_size, "bench-%06u", session->number) < 0 || len > key_size)
		return 0;
	memcpy(key, session->load->key, len);
	return (unsigned)len;
}

/* Never twice the same: the server may still have the last session of an address. */
static struct sockaddr_in own_address(struct load *load)
{
	const unsigned n = load->n_opened++;
	const uint32_t net = 1 + (uint32_t)getpid() % 200;
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(0x7f000000 | net << 16 | (n % 0xff00)),
		.sin_port = htons((uint16_t)(20000 + n / 0xff00)),
	};
}

static void open_session(struct session *session)
{
	struct load *load = session->load;
	struct sockaddr_in own = own_address(load);
	session->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (session->fd < 0 || bind(session->fd, (struct sockaddr *)&own, sizeof(own)) != 0 ||
		connect(session->fd, (struct sockaddr *)&load->server, sizeof(load->server)) != 0)
		die("socket");
	session->ssl = SSL_new(load->context);
	BIO *bio = BIO_new_dgram(session->fd, BIO_NOCLOSE);
	BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_CONNECTED, 0, &load->server);
	SSL_set_bio(session->ssl, bio, bio);
	SSL_set_app_data(session->ssl, session);
	SSL_set_mtu(session->ssl, MTU);
	SSL_set_connect_state(session->ssl);
	/* Edge-triggered: each socket is looked at once for each datagram, not twice. */
	struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.ptr = session };
	if (epoll_ctl(load->epoll_fd, EPOLL_CTL_ADD, session->fd, &event) != 0)
		die("epoll_ctl");
	session->stage = STAGE_HANDSHAKE;
	session->since = now_s();
}

static void close_session(struct session *session)
{
	if (session->stage != STAGE_HANDSHAKE)
		SSL_shutdown(session->ssl);
	SSL_free(session->ssl);
	close(session->fd);
	session->ssl = NULL;
	session->stage = STAGE_FREE;
}

/* True when it is complete. */
static bool go_on(struct session *session)
{
	ERR_clear_error();
	int result = SSL_do_handshake(session->ssl);
	if (result == 1) {
		session->stage = STAGE_IDLE;
		return true;
	}
	int error = SSL_get_error(session->ssl, result);
	if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
		session->load->n_failed++;
		if (session->load->n_failed == 1)
			ERR_print_errors_fp(stderr);
		close_session(session);
	}
	return false;
}

static size_t put_option(uint8_t *out, unsigned delta, const char *value)
{
	size_t len = strlen(value), n = 1;
	if (len > 268)
		die("an option is too long");
	out[0] = (uint8_t)(delta << 4 | (len < 13 ? len : 13));
	if (len >= 13)
		out[n++] = (uint8_t)(len - 13);
	memcpy(out + n, value, len);
	return n + len;
}

/* Another one for each request: an answer that comes late is not taken for the next one. */
static uint32_t token_of(const struct session *session)
{
	return (uint32_t)session->number << 16 | session->mid;
}

static size_t write_request(const struct session *session, uint8_t *out)
{
	char text[256];
	size_t n = 8;
	unsigned last = 0;
	out[0] = 0x40 | 4;
	out[1] = CODE_GET;
	out[2] = (uint8_t)(session->mid >> 8);
	out[3] = (uint8_t)session->mid;
	const uint32_t token = token_of(session);
	memcpy(out + 4, &token, sizeof(token));
	snprintf(text, sizeof(text), "%s", session->load->path);
	for (char *rest = text, *word; (word = strsep(&rest, "/"));) {
		if (!*word)
			continue;
		n += put_option(out + n, OPTION_URI_PATH - last, word);
		last = OPTION_URI_PATH;
	}
	return n;
}

static void poll_server(struct session *session)
{
	uint8_t request[512];
	session->mid++;
	size_t n = write_request(session, request);
	session->stage = STAGE_WAITING;
	session->since = now_s();
	if (SSL_write(session->ssl, request, (int)n) != (int)n)
		session->load->n_failed++;
}

static bool is_right(const struct session *session, const uint8_t *answer, int n)
{
	const uint32_t token = token_of(session);
	return n >= 8 && (answer[0] & 0xcf) == (0x40 | 4) && answer[1] != 0 &&
	       memcmp(answer + 4, &token, sizeof(token)) == 0;
}

/* The answer has the request's token, be it in the acknowledgement or in a message of its own. */
static bool take_answer(struct session *session)
{
	uint8_t answer[MAX_DATAGRAM];
	int n;
	while ((n = SSL_read(session->ssl, answer, sizeof(answer))) > 0) {
		if (!is_right(session, answer, n))
			continue;
		uint8_t ack[4] = { 0x60, 0, answer[2], answer[3] };
		if ((answer[0] >> 4 & 3) == 0)
			(void)SSL_write(session->ssl, ack, sizeof(ack));
		session->load->n_failed += answer[1] >> 5 != 2;
		session->stage = STAGE_IDLE;
		return true;
	}
	return false;
}

static void read_options(struct load *load, char **argv)
{
	struct rlimit files = { 65536, 65536 };
	(void)setrlimit(RLIMIT_NOFILE, &files);
	load->server.sin_family = AF_INET;
	load->server.sin_port = htons((uint16_t)atoi(argv[2]));
	if (inet_pton(AF_INET, argv[1], &load->server.sin_addr) != 1)
		die(argv[1]);
	load->key = argv[3];
	load->n_held = (unsigned)atoi(argv[5]);
	load->window = (unsigned)atoi(argv[6]);
	load->seconds = atof(argv[7]);
	load->path = argv[9];
	load->server_pid = (pid_t)atoi(argv[10]);
	load->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	load->context = SSL_CTX_new(DTLS_client_method());
	if (SSL_CTX_set_cipher_list(load->context, argv[4]) != 1)
		die("cipher");
	SSL_CTX_set_psk_client_callback(load->context, on_key);
	SSL_CTX_set_session_cache_mode(load->context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(load->context, SSL_OP_NO_QUERY_MTU);
}

/* Opens so many sessions, window at a time, and waits until they stand. */
static void shake_hands(struct load *load, struct session *sessions, unsigned count)
{
	struct epoll_event events[MAX_EVENTS];
	unsigned opened = 0, complete = 0;
	while (complete < count) {
		for (; opened < count && opened < complete + load->window; opened++) {
			open_session(&sessions[opened]);
			go_on(&sessions[opened]);
			if (sessions[opened].stage == STAGE_FREE)
				die("a handshake failed at once");
		}
		int n = epoll_wait(load->epoll_fd, events, MAX_EVENTS, 500);
		for (int i = 0; i < n; i++) {
			struct session *session = events[i].data.ptr;
			if (session->stage == STAGE_HANDSHAKE && go_on(session))
				complete++;
			if (session->stage == STAGE_FREE)
				die("a handshake failed while sessions were made");
		}
		for (unsigned i = 0; n == 0 && i < opened; i++) {
			if (sessions[i].stage == STAGE_HANDSHAKE)
				(void)DTLSv1_handle_timeout(sessions[i].ssl);
			if (sessions[i].stage == STAGE_HANDSHAKE &&
				now_s() - sessions[i].since > HANDSHAKE_TIMEOUT_S)
				die("a handshake took too long");
		}
	}
}

/* Those that are complete are closed, and others begin in their place. */
static void measure_handshakes(struct load *load, struct session *fresh)
{
	struct epoll_event events[MAX_EVENTS];
	const double end = now_s() + load->seconds;
	for (unsigned i = 0; i < load->window; i++) {
		open_session(&fresh[i]);
		go_on(&fresh[i]);
	}
	while (now_s() < end) {
		int n = epoll_wait(load->epoll_fd, events, MAX_EVENTS, 100);
		for (int i = 0; i < n; i++) {
			struct session *session = events[i].data.ptr;
			if (session->stage == STAGE_HANDSHAKE && go_on(session)) {
				load->n_done++;
				close_session(session);
			}
			if (session->stage == STAGE_FREE) {
				open_session(session);
				go_on(session);
			}
		}
		for (unsigned i = 0; n == 0 && i < load->window; i++)
			if (fresh[i].stage == STAGE_HANDSHAKE)
				load->n_lost += (unsigned)(DTLSv1_handle_timeout(fresh[i].ssl) > 0);
	}
}

static void ask_again(struct load *load, struct session *held)
{
	for (unsigned i = 0; i < load->n_held; i++) {
		if (held[i].stage != STAGE_WAITING || now_s() - held[i].since < ANSWER_TIMEOUT_S)
			continue;
		load->n_lost++;
		poll_server(&held[i]);
	}
}

/* The sessions take turns, window of them at a time, until so many have been answered or it is over. */
static void poll_all(struct load *load, struct session *held, unsigned long count, double end)
{
	struct epoll_event events[MAX_EVENTS];
	unsigned next = 0;
	load->n_done = 0;
	for (; next < load->window && next < load->n_held; next++)
		poll_server(&held[next]);
	while (load->n_done < count && now_s() < end) {
		int n = epoll_wait(load->epoll_fd, events, MAX_EVENTS, 100);
		for (int i = 0; i < n; i++) {
			struct session *session = events[i].data.ptr;
			if (session->stage != STAGE_WAITING || !take_answer(session))
				continue;
			load->n_done++;
			while (held[next % load->n_held].stage == STAGE_WAITING)
				next++;
			poll_server(&held[next++ % load->n_held]);
		}
		if (n == 0)
			ask_again(load, held);
	}
}

/* Each has been heard once before it counts: what is answered then is in the server's memory. */
static struct moment measure_polls(struct load *load, struct session *held)
{
	poll_all(load, held, load->n_held, now_s() + WARM_UP_S);
	const struct moment began = moment_now(load);
	for (unsigned i = 0; i < load->n_held; i++)
		held[i].stage = STAGE_IDLE;
	load->n_lost = 0;
	poll_all(load, held, ULONG_MAX, began.at_s + load->seconds);
	return began;
}

static void print_result(const struct load *load, const struct moment *from, double holding_s)
{
	const struct moment end = moment_now(load);
	const double n = load->n_done > 0 ? (double)load->n_done : 1;
	printf("{\"rate\": %.1f, \"answered\": %lu, \"wrong\": %lu, \"lost\": %lu,"
	       " \"holding_s\": %.3f, \"server_us\": %.2f, \"load_us\": %.2f}\n",
		(double)load->n_done / (end.at_s - from->at_s), load->n_done, load->n_failed,
		load->n_lost, holding_s, (end.server_s - from->server_s) * 1e6 / n,
		(end.own_s - from->own_s) * 1e6 / n);
}

int main(int argc, char **argv)
{
	struct load load = { 0 };
	if (argc != 11) {
		fprintf(stderr, "usage: dtls_load HOST PORT KEY CIPHER HELD WINDOW SECONDS"
				" handshakes|polls PATH PID\n");
		return 2;
	}
	read_options(&load, argv);
	unsigned n = load.n_held + load.window;
	struct session *sessions = calloc(n, sizeof(*sessions));
	for (unsigned i = 0; i < n; i++)
		sessions[i] = (struct session){ .load = &load, .number = i };
	double began_s = now_s();
	shake_hands(&load, sessions, load.n_held);
	struct moment from = moment_now(&load);
	double holding_s = from.at_s - began_s;
	if (strcmp(argv[8], "polls") == 0)
		from = measure_polls(&load, sessions);
	else
		measure_handshakes(&load, sessions + load.n_held);
	print_result(&load, &from, holding_s);
	for (unsigned i = 0; i < n; i++)
		if (sessions[i].stage != STAGE_FREE)
			close_session(&sessions[i]);
	free(sessions);
	SSL_CTX_free(load.context);
	return 0;
}
