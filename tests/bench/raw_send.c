/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reference of the notifications: the datagrams of a file that observe_load wrote, to the same
 * addresses, by nothing but sendmmsg. Usage: raw_send FILE PORT. Prints their rate.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "observe_file.h"

enum { BATCH = 64, SOCKET_BUFFER_BYTES = 4 << 20 };

struct datagram {
	struct sockaddr_in to;
	struct iovec vector;
	uint8_t bytes[OBSERVE_FILE_MAX_BYTES];
};

static void die(const char *what)
{
	fprintf(stderr, "raw_send: %s: %s\n", what, strerror(errno));
	exit(1);
}

static size_t read_file(const char *path, uint16_t port, struct datagram **out)
{
	FILE *file = fopen(path, "r");
	size_t n = 0, room = 0;
	struct observe_record record;
	*out = NULL;
	if (!file)
		die(path);
	while (fread(&record, sizeof(record), 1, file) == 1 && record.len > 0) {
		if (n == room) {
			room = room ? 2 * room : 1024;
			*out = realloc(*out, room * sizeof(**out));
		}
		struct datagram *next = &(*out)[n++];
		if (!*out || record.len > sizeof(next->bytes) ||
			fread(next->bytes, record.len, 1, file) != 1)
			die(path);
		next->to = (struct sockaddr_in){ .sin_family = AF_INET,
			.sin_port = htons(port),
			.sin_addr.s_addr = record.address };
		next->vector.iov_len = record.len;
	}
	fclose(file);
	return n;
}

static struct mmsghdr *prepare(struct datagram *datagrams, size_t n)
{
	struct mmsghdr *messages = calloc(n + 1, sizeof(*messages));
	for (size_t i = 0; messages && i < n; i++) {
		datagrams[i].vector.iov_base = datagrams[i].bytes;
		messages[i].msg_hdr = (struct msghdr){
			.msg_name = &datagrams[i].to,
			.msg_namelen = sizeof(datagrams[i].to),
			.msg_iov = &datagrams[i].vector,
			.msg_iovlen = 1,
		};
	}
	return messages;
}

static double now_s(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct datagram *datagrams;
	const int bytes = SOCKET_BUFFER_BYTES;
	if (argc != 3) {
		fprintf(stderr, "usage: raw_send FILE PORT\n");
		return 2;
	}
	size_t n = read_file(argv[1], (uint16_t)atoi(argv[2]), &datagrams);
	struct mmsghdr *messages = prepare(datagrams, n);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || !messages)
		die("socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	const double began = now_s();
	for (size_t sent = 0; sent < n;) {
		size_t some = n - sent < BATCH ? n - sent : BATCH;
		int done = sendmmsg(fd, messages + sent, (unsigned)some, 0);
		if (done < 0)
			die("sendmmsg");
		sent += (size_t)done;
	}
	const double spent = now_s() - began;
	printf("{\"rate\": %.1f, \"datagrams\": %zu, \"seconds\": %.6f}\n", (double)n / spent, n,
		spent);
	free(messages);
	free(datagrams);
	return 0;
}
