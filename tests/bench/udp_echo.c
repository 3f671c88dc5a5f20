/* SPDX-License-Identifier: Apache-2.0 */
/*
 * udp_echo [BYTES]: what one thread can do with datagrams and nothing else. Sends each one back, cut
 * or filled up to BYTES when given. The reference of the CoAP measures.
 */
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { BATCH = 64, DATAGRAM_BYTES = 2048, BUFFER_BYTES = 8 << 20 };

struct batch {
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH];
	struct sockaddr_in peers[BATCH];
	uint8_t bytes[BATCH][DATAGRAM_BYTES];
};

static int open_port(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(address);
	int bytes = BUFFER_BYTES;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 ||
		getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		err(1, "cannot open a port");
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	printf("port %d\n", ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

static void set_up(struct batch *batch)
{
	for (size_t i = 0; i < BATCH; i++) {
		batch->parts[i].iov_base = batch->bytes[i];
		batch->messages[i].msg_hdr = (struct msghdr){
			.msg_name = &batch->peers[i],
			.msg_iov = &batch->parts[i],
			.msg_iovlen = 1,
		};
	}
}

static unsigned receive(int fd, struct batch *batch)
{
	for (size_t i = 0; i < BATCH; i++) {
		batch->parts[i].iov_len = DATAGRAM_BYTES;
		batch->messages[i].msg_hdr.msg_namelen = sizeof(batch->peers[i]);
	}
	int n = recvmmsg(fd, batch->messages, BATCH, MSG_WAITFORONE, NULL);
	if (n < 0 && errno != EINTR)
		err(1, "cannot receive");
	return n > 0 ? (unsigned)n : 0;
}

static void echo(int fd, struct batch *batch, unsigned n, size_t answer_bytes)
{
	for (unsigned i = 0; i < n; i++)
		batch->parts[i].iov_len =
			answer_bytes > 0 ? answer_bytes : batch->messages[i].msg_len;
	for (unsigned sent = 0; sent < n;) {
		int done = sendmmsg(fd, batch->messages + sent, n - sent, 0);
		if (done < 0 && errno != EINTR)
			err(1, "cannot send");
		sent += done > 0 ? (unsigned)done : 0;
	}
}

int main(int argc, char **argv)
{
	size_t answer_bytes = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	struct batch *batch = calloc(1, sizeof(*batch));
	if (!batch || answer_bytes > DATAGRAM_BYTES)
		errx(1, "usage: udp_echo [BYTES]");
	int fd = open_port();
	set_up(batch);
	for (;;)
		echo(fd, batch, receive(fd, batch), answer_bytes);
}
