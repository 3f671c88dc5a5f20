/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Observers of the manifest resource: each with an address of its own (127.0.0.0/8), all on one
 * socket. Prints what came in a round, timed by the kernel at delivery, and writes the datagrams to a
 * file for raw_send, whose rounds it counts as well.
 * Usage: observe_load HOST PORT COUNT FILE, then a line "round SECONDS" on standard input each time.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "observe_file.h"

enum {
	BATCH = 64,
	SOCKET_BUFFER_BYTES = 64 << 20,
	OUTSTANDING = 128,
	REPEAT_MS = 3000,
	PATIENCE_MS = 240000, /* each new session costs libcoap a pass over all */
	TOKEN_BYTES = 4,
	/* Datagrams further apart than this belong to two bursts. */
	GAP_NS = 2000000,
};

struct observer {
	bool observes;
	int64_t asked_ms;
	bool told; /* in this round */
	size_t len;
	uint8_t datagram[OBSERVE_FILE_MAX_BYTES]; /* the last notification */
};

struct load {
	int fd;
	struct sockaddr_in server;
	uint32_t count, n_observing, n_told;
	struct observer *observers;
	uint16_t mid;
	/* Of this round. */
	uint32_t n_datagrams, n_confirmable, n_bursts, n_in_bursts;
	uint64_t bytes;
	int64_t first_ns, last_ns, in_bursts_ns;
};

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static void die(const char *what)
{
	fprintf(stderr, "observe_load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct in_addr address_of(uint32_t number)
{
	return (struct in_addr){ htonl(0x7f010000 + number) };
}

/* From the observer's own address. */
static void send_from(const struct load *load, uint32_t number, void *bytes, size_t len)
{
	union {
		struct cmsghdr header;
		uint8_t bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
	} control = { 0 };
	struct in_pktinfo from = { .ipi_spec_dst = address_of(number) };
	struct iovec vector = { bytes, len };
	struct msghdr message = {
		.msg_name = (void *)&load->server,
		.msg_namelen = sizeof(load->server),
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	control.header.cmsg_level = IPPROTO_IP;
	control.header.cmsg_type = IP_PKTINFO;
	control.header.cmsg_len = CMSG_LEN(sizeof(from));
	memcpy(CMSG_DATA(&control.header), &from, sizeof(from));
	if (sendmsg(load->fd, &message, 0) < 0)
		die("sendmsg");
}

/* CON GET /suit/manifest?ep=bench-NNNNNN, Observe 0, token: the number. */
static void observe(struct load *load, uint32_t number)
{
	uint8_t out[64] = { 0x40 | TOKEN_BYTES, 1 };
	char query[32];
	const uint16_t mid = htons(load->mid++);
	const uint32_t token = htonl(number);
	memcpy(out + 2, &mid, sizeof(mid));
	memcpy(out + 4, &token, sizeof(token));
	size_t n = 8;
	out[n++] = 6 << 4; /* Observe, empty: 0 */
	out[n++] = (11 - 6) << 4 | 4;
	memcpy(out + n, "suit", 4);
	n += 4;
	out[n++] = 8;
	memcpy(out + n, "manifest", 8);
	n += 8;
	const size_t len = (size_t)snprintf(query, sizeof(query), "ep=bench-%06u", number);
	out[n++] = (15 - 11) << 4 | 13;
	out[n++] = (uint8_t)(len - 13);
	memcpy(out + n, query, len);
	send_from(load, number, out, n + len);
	load->observers[number].asked_ms = now_ms();
}

static void acknowledge(const struct load *load, uint32_t number, const uint8_t *message)
{
	uint8_t ack[4] = { 0x60, 0, message[2], message[3] };
	send_from(load, number, ack, sizeof(ack));
}

static void count(struct load *load, int64_t at_ns, size_t len)
{
	if (load->n_datagrams++ == 0)
		load->first_ns = at_ns;
	else if (at_ns - load->last_ns <= GAP_NS) {
		load->n_in_bursts++;
		load->in_bursts_ns += at_ns - load->last_ns;
	} else
		load->n_bursts++;
	load->last_ns = at_ns;
	load->bytes += len;
}

static void take(struct load *load, const uint8_t *message, size_t len, int64_t at_ns)
{
	uint32_t number;
	if (len < 8 || (message[0] & 0xcf) != (0x40 | TOKEN_BYTES))
		return;
	memcpy(&number, message + 4, sizeof(number));
	number = ntohl(number);
	if (number >= load->count || len > OBSERVE_FILE_MAX_BYTES)
		die("not one of our tokens");
	struct observer *observer = &load->observers[number];
	const uint8_t type = message[0] >> 4 & 3;
	if (message[1] != 0x45)
		die("an observation was refused, or ended");
	if (type == 0)
		acknowledge(load, number, message);
	if (type == 2 || !observer->observes) { /* the answer to the request */
		load->n_observing += !observer->observes;
		observer->observes = true;
		return;
	}
	load->n_confirmable += type == 0;
	count(load, at_ns, len);
	load->n_told += !observer->told;
	observer->told = true;
	observer->len = len;
	memcpy(observer->datagram, message, len);
}

static int64_t time_of(struct msghdr *message)
{
	struct timespec at = { 0 };
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS)
			memcpy(&at, CMSG_DATA(c), sizeof(at));
	return at.tv_sec * INT64_C(1000000000) + at.tv_nsec;
}

static bool receive(struct load *load)
{
	static uint8_t bytes[BATCH][2048], control[BATCH][128];
	struct mmsghdr messages[BATCH];
	struct iovec vectors[BATCH];
	for (size_t i = 0; i < BATCH; i++) {
		vectors[i] = (struct iovec){ bytes[i], sizeof(bytes[i]) };
		messages[i].msg_hdr = (struct msghdr){
			.msg_iov = &vectors[i],
			.msg_iovlen = 1,
			.msg_control = control[i],
			.msg_controllen = sizeof(control[i]),
		};
	}
	int n = recvmmsg(load->fd, messages, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		take(load, bytes[i], messages[i].msg_len, time_of(&messages[i].msg_hdr));
	return n > 0;
}

static void wait_for_more(const struct load *load)
{
	struct pollfd wait = { load->fd, POLLIN, 0 };
	(void)poll(&wait, 1, 10);
}

static void observe_all(struct load *load)
{
	const int64_t end_ms = now_ms() + PATIENCE_MS;
	uint32_t next = 0;
	while (load->n_observing < load->count) {
		while (next < load->count && next < load->n_observing + OUTSTANDING)
			observe(load, next++);
		if (receive(load))
			continue;
		wait_for_more(load);
		for (uint32_t i = 0; i < next; i++)
			if (!load->observers[i].observes &&
				now_ms() - load->observers[i].asked_ms > REPEAT_MS)
				observe(load, i);
		if (now_ms() > end_ms)
			die("not all observations were taken");
	}
}

static void begin_round(struct load *load)
{
	for (uint32_t i = 0; i < load->count; i++)
		load->observers[i].told = false;
	load->n_told = load->n_datagrams = load->n_confirmable = 0;
	load->n_bursts = load->n_in_bursts = 0;
	load->bytes = 0;
	load->in_bursts_ns = 0;
}

static void write_file(const struct load *load, const char *path)
{
	FILE *file = fopen(path, "w");
	for (uint32_t i = 0; file && i < load->count; i++) {
		const struct observer *observer = &load->observers[i];
		const struct observe_record record = { address_of(i).s_addr,
			(uint32_t)observer->len };
		fwrite(&record, sizeof(record), 1, file);
		fwrite(observer->datagram, observer->len, 1, file);
	}
	if (!file || fclose(file) != 0)
		die(path);
}

static void run_round(struct load *load, double seconds)
{
	const int64_t end_ms = now_ms() + (int64_t)(seconds * 1000);
	while (load->n_told < load->count && now_ms() < end_ms)
		if (!receive(load))
			wait_for_more(load);
	printf("{\"told\": %u, \"datagrams\": %u, \"confirmable\": %u, \"bytes\": %llu,"
	       " \"first_s\": %.6f, \"last_s\": %.6f, \"bursts\": %u, \"burst_rate\": %.0f}\n",
		load->n_told, load->n_datagrams, load->n_confirmable,
		(unsigned long long)load->bytes, (double)load->first_ns / 1e9,
		(double)load->last_ns / 1e9, load->n_bursts + 1,
		load->in_bursts_ns ? load->n_in_bursts * 1e9 / (double)load->in_bursts_ns : 0);
	fflush(stdout);
}

static void open_socket(struct load *load, char **argv)
{
	const int yes = 1, bytes = SOCKET_BUFFER_BYTES;
	struct sockaddr_in own = { .sin_family = AF_INET };
	socklen_t len = sizeof(own);
	load->server.sin_family = AF_INET;
	load->server.sin_port = htons((uint16_t)atoi(argv[2]));
	load->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (inet_pton(AF_INET, argv[1], &load->server.sin_addr) != 1 || load->fd < 0 ||
		bind(load->fd, (struct sockaddr *)&own, sizeof(own)) != 0 ||
		setsockopt(load->fd, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof(yes)) != 0)
		die("socket");
	if (setsockopt(load->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) != 0)
		(void)setsockopt(load->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (getsockname(load->fd, (struct sockaddr *)&own, &len) != 0)
		die("getsockname");
	printf("port %u\n", ntohs(own.sin_port));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct load load = { 0 };
	char line[64];
	double seconds;
	if (argc != 5) {
		fprintf(stderr, "usage: observe_load HOST PORT COUNT FILE\n");
		return 2;
	}
	load.count = (uint32_t)atoi(argv[3]);
	load.observers = calloc(load.count, sizeof(*load.observers));
	open_socket(&load, argv);
	observe_all(&load);
	printf("{\"observing\": %u}\n", load.n_observing);
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "round %lf", &seconds) != 1)
			break;
		begin_round(&load);
		puts("{\"waiting\": 1}");
		fflush(stdout);
		run_round(&load, seconds);
		write_file(&load, argv[4]);
	}
	free(load.observers);
	return 0;
}
