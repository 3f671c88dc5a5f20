/* SPDX-License-Identifier: Apache-2.0 */
/* Batches for sendmmsg and recvmmsg with IP_PKTINFO. */
#include "load_socket.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	BATCH = 64,
	DATAGRAM_BYTES = 2048,
	SMALL_BYTES = 4,
	BUFFER_BYTES = 8 << 20,
	FIRST_PORT = 61440,                       /* above those that the kernel gives out */
	FIRST_ADDRESS = 127 << 24 | 16 << 16 | 1, /* 127.16.0.1: nobody else's */
};

struct control {
	_Alignas(struct cmsghdr) char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
};

struct outgoing {
	int fd;
	unsigned n;
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH];
	struct control controls[BATCH];
	uint8_t small[BATCH][SMALL_BYTES];
};

struct incoming {
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH];
	struct control controls[BATCH];
	uint8_t bytes[BATCH][DATAGRAM_BYTES];
};

struct load_socket {
	struct sockaddr_in server;
	uint32_t n_peers;
	unsigned n_ports;
	struct outgoing *out; /* one for each port */
	struct incoming *in;
	struct pollfd *watched;
};

static struct sockaddr_in parse_server(const char *text)
{
	char host[64];
	const char *colon = strrchr(text, ':');
	struct sockaddr_in server = { .sin_family = AF_INET };
	if (!colon || (size_t)(colon - text) >= sizeof(host))
		errx(2, "\"%s\" is not an address like 127.0.0.1:5683", text);
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	server.sin_port = htons((uint16_t)atoi(colon + 1));
	if (inet_pton(AF_INET, host, &server.sin_addr) != 1 || server.sin_port == 0)
		errx(2, "\"%s\" is not an address like 127.0.0.1:5683", text);
	return server;
}

/* The same in each run, so that the server meets the same peers again; the next one if it is taken. */
static void bind_next(int fd, unsigned *port)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY) };
	do
		any.sin_port = htons((uint16_t)(*port)++);
	while (bind(fd, (struct sockaddr *)&any, sizeof(any)) != 0 && errno == EADDRINUSE &&
		*port <= UINT16_MAX);
	if (*port > UINT16_MAX)
		errx(2, "no port is free");
}

static int open_port(unsigned *port)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1, bytes = BUFFER_BYTES;
	if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) != 0)
		err(2, "cannot open a port");
	bind_next(fd, port);
	/* The ordinary options stop at the system's limit; what root is given depends on the machine. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	return fd;
}

static void set_up_outgoing(struct load_socket *set, struct outgoing *out)
{
	for (size_t i = 0; i < BATCH; i++) {
		struct msghdr *header = &out->messages[i].msg_hdr;
		header->msg_name = &set->server;
		header->msg_namelen = sizeof(set->server);
		header->msg_iov = &out->parts[i];
		header->msg_iovlen = 1;
		header->msg_control = out->controls[i].bytes;
		header->msg_controllen = sizeof(out->controls[i].bytes);
		struct cmsghdr *control = CMSG_FIRSTHDR(header);
		control->cmsg_level = IPPROTO_IP;
		control->cmsg_type = IP_PKTINFO;
		control->cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo));
	}
}

static void *zeroed(size_t n, size_t bytes)
{
	void *memory = calloc(n, bytes);
	if (!memory)
		err(2, "no memory");
	return memory;
}

struct load_socket *load_socket_open(const char *server, uint32_t n_peers, unsigned n_ports)
{
	struct load_socket *set = zeroed(1, sizeof(*set));
	set->server = parse_server(server);
	set->n_peers = n_peers;
	set->n_ports = n_ports;
	set->out = zeroed(n_ports, sizeof(*set->out));
	set->in = zeroed(1, sizeof(*set->in));
	set->watched = zeroed(n_ports, sizeof(*set->watched));
	unsigned port = FIRST_PORT;
	for (unsigned i = 0; i < n_ports; i++) {
		set->out[i].fd = open_port(&port);
		set_up_outgoing(set, &set->out[i]);
		set->watched[i] = (struct pollfd){ .fd = set->out[i].fd, .events = POLLIN };
	}
	for (size_t i = 0; i < BATCH; i++) {
		set->in->parts[i] = (struct iovec){ set->in->bytes[i], DATAGRAM_BYTES };
		set->in->messages[i].msg_hdr.msg_iov = &set->in->parts[i];
		set->in->messages[i].msg_hdr.msg_iovlen = 1;
		set->in->messages[i].msg_hdr.msg_control = set->in->controls[i].bytes;
	}
	return set;
}

void load_socket_free(struct load_socket **set)
{
	if (!*set)
		return;
	for (unsigned i = 0; i < (*set)->n_ports; i++)
		close((*set)->out[i].fd);
	free((*set)->out);
	free((*set)->in);
	free((*set)->watched);
	free(*set);
	*set = NULL;
}

/* A full buffer of the other side drops datagrams, as a network does; it is no error here. */
static void flush_port(struct outgoing *out)
{
	for (unsigned sent = 0; sent < out->n;) {
		int n = sendmmsg(out->fd, out->messages + sent, out->n - sent, 0);
		if (n > 0)
			sent += (unsigned)n;
		else if (errno == EAGAIN)
			(void)poll(&(struct pollfd){ .fd = out->fd, .events = POLLOUT }, 1, 10);
		else if (errno != EINTR && errno != ECONNREFUSED)
			err(2, "cannot send");
	}
	out->n = 0;
}

void load_socket_send(struct load_socket *set, uint32_t peer, const uint8_t *bytes, size_t len)
{
	struct outgoing *out = &set->out[peer % set->n_ports];
	if (out->n == BATCH)
		flush_port(out);
	unsigned i = out->n++;
	struct in_pktinfo from = {
		.ipi_spec_dst.s_addr = htonl(FIRST_ADDRESS + peer / set->n_ports),
	};
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(&out->messages[i].msg_hdr)), &from, sizeof(from));
	out->parts[i].iov_base = (void *)(uintptr_t)bytes;
	out->parts[i].iov_len = len;
	if (len <= SMALL_BYTES)
		out->parts[i].iov_base = memcpy(out->small[i], bytes, len);
}

void load_socket_flush(struct load_socket *set)
{
	for (unsigned i = 0; i < set->n_ports; i++)
		if (set->out[i].n > 0)
			flush_port(&set->out[i]);
}

static uint32_t peer_of(const struct load_socket *set, unsigned port, struct msghdr *header)
{
	struct in_pktinfo to;
	const struct cmsghdr *control = CMSG_FIRSTHDR(header);
	if (!control || control->cmsg_type != IP_PKTINFO)
		return UINT32_MAX;
	memcpy(&to, CMSG_DATA(control), sizeof(to));
	uint64_t peer = (uint64_t)(ntohl(to.ipi_addr.s_addr) - FIRST_ADDRESS) * set->n_ports + port;
	return peer < set->n_peers ? (uint32_t)peer : UINT32_MAX;
}

size_t load_socket_receive(struct load_socket *set, load_on_datagram on_datagram, void *arg)
{
	size_t all = 0;
	for (unsigned port = 0; port < set->n_ports; port++) {
		for (size_t i = 0; i < BATCH; i++)
			set->in->messages[i].msg_hdr.msg_controllen = sizeof(struct control);
		int n = recvmmsg(set->out[port].fd, set->in->messages, BATCH, MSG_DONTWAIT, NULL);
		if (n < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNREFUSED)
			err(2, "cannot receive");
		for (int i = 0; i < n; i++)
			on_datagram(arg, peer_of(set, port, &set->in->messages[i].msg_hdr),
				set->in->bytes[i], set->in->messages[i].msg_len);
		all += n > 0 ? (size_t)n : 0;
	}
	return all;
}

void load_socket_wait(struct load_socket *set, int64_t at_most_ns)
{
	struct timespec limit = {
		.tv_sec = at_most_ns / 1000000000,
		.tv_nsec = at_most_ns % 1000000000,
	};
	(void)ppoll(set->watched, set->n_ports, &limit, NULL);
}
