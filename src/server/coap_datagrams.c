/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcoap reads and writes one datagram for each system call, and has no place for a transport of
 * one's own. But it calls recvmsg and sendmsg like any program, and the dynamic linker takes the
 * executable's definition of a function before that of the C library. So this file defines the two:
 * for the sockets named to coap_datagrams_new, recvmsg hands out what one recvmmsg has read, and
 * sendmsg gathers what one sendmmsg is to send. Every other descriptor, of whatever thread or library,
 * is passed on to the kernel. What is between reading and writing stays libcoap's: sessions, repetition,
 * observations, DTLS.
 *
 * Every message counts as sent. If the socket then has no room it is lost, as any datagram may be: what
 * matters is confirmable, and libcoap repeats it, but only what it believes to have sent.
 */
#include "server/coap_datagrams.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/memory.h"

enum { BATCH = COAP_DATAGRAMS_BATCH, CONTROL_BYTES = 128, MAX_SOCKETS = 16 };

struct slot {
	struct sockaddr_storage peer;
	alignas(struct cmsghdr) uint8_t control[CONTROL_BYTES];
	uint8_t bytes[COAP_DATAGRAM_MAX_BYTES];
};

struct batch {
	size_t count;
	struct mmsghdr messages[BATCH];
	struct iovec vectors[BATCH];
	struct slot slots[BATCH];
};

struct coap_datagrams {
	int fd;
	coap_datagram_fn answer;
	void *arg;
	atomic_uint_fast64_t *unsent;
	struct batch in, out;
	size_t n_left, n_taken; /* for libcoap, of in */
	uint8_t left[BATCH];
};

/*
 * Writable and global because recvmsg and sendmsg have no argument for it. Any thread reads the
 * descriptors; only the loop's has one that is found, and only it reads and writes the rest.
 */
static atomic_int taken_fds[MAX_SOCKETS]; /* plus one; 0: none */
static struct coap_datagrams *owners[MAX_SOCKETS];
static unsigned n_holds;

static struct coap_datagrams *owner_of(int fd)
{
	for (size_t i = 0; i < MAX_SOCKETS; i++) {
		int taken = atomic_load_explicit(&taken_fds[i], memory_order_relaxed);
		if (taken == fd + 1 && taken > 0)
			return owners[i];
	}
	return NULL;
}

static void point_at_slots(struct batch *batch)
{
	for (size_t i = 0; i < BATCH; i++) {
		struct slot *slot = &batch->slots[i];
		batch->vectors[i] = (struct iovec){ slot->bytes, sizeof(slot->bytes) };
		batch->messages[i].msg_hdr = (struct msghdr){
			.msg_name = &slot->peer,
			.msg_iov = &batch->vectors[i],
			.msg_iovlen = 1,
			.msg_control = slot->control,
		};
	}
}

struct coap_datagrams *coap_datagrams_new(
	int fd, coap_datagram_fn answer, void *arg, atomic_uint_fast64_t *unsent)
{
	size_t at = 0;
	while (at < MAX_SOCKETS && atomic_load(&taken_fds[at]) != 0)
		at++;
	if (at == MAX_SOCKETS)
		return NULL;
	struct coap_datagrams *own = su_new(struct coap_datagrams);
	own->fd = fd;
	own->answer = answer;
	own->arg = arg;
	own->unsent = unsent;
	point_at_slots(&own->in);
	point_at_slots(&own->out);
	owners[at] = own;
	atomic_store(&taken_fds[at], fd + 1);
	return own;
}

static bool is_full_up(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS || error == ENOMEM;
}

static void flush(struct coap_datagrams *own)
{
	struct batch *out = &own->out;
	size_t done = 0, n_unsent = 0;
	while (done < out->count) {
		int n = sendmmsg(own->fd, out->messages + done, (unsigned)(out->count - done),
			MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		/* No room for any, or no way to the peer of this one. */
		size_t n_failed = n > 0 ? 0 : is_full_up(errno) ? out->count - done : 1;
		n_unsent += n_failed;
		done += n > 0 ? (size_t)n : n_failed;
	}
	out->count = 0;
	if (n_unsent > 0)
		atomic_fetch_add_explicit(own->unsent, n_unsent, memory_order_relaxed);
}

void coap_datagrams_free(struct coap_datagrams **datagrams)
{
	struct coap_datagrams *own = *datagrams;
	if (!own)
		return;
	flush(own);
	for (size_t i = 0; i < MAX_SOCKETS; i++) {
		if (owners[i] != own)
			continue;
		atomic_store(&taken_fds[i], 0);
		owners[i] = NULL;
	}
	su_free_ptr(datagrams);
}

void coap_datagrams_hold(void)
{
	n_holds++;
}

void coap_datagrams_release(void)
{
	if (--n_holds > 0)
		return;
	for (size_t i = 0; i < MAX_SOCKETS; i++)
		if (owners[i])
			flush(owners[i]);
}

/* A slot to fill; it counts when put_out is called. */
static struct slot *next_out(struct coap_datagrams *own)
{
	if (own->out.count == BATCH)
		flush(own);
	return &own->out.slots[own->out.count];
}

static void put_out(struct coap_datagrams *own, const struct msghdr *like, size_t len)
{
	struct batch *out = &own->out;
	struct slot *slot = &out->slots[out->count];
	struct msghdr *message = &out->messages[out->count].msg_hdr;
	out->vectors[out->count++].iov_len = len;
	message->msg_namelen = like->msg_namelen;
	memcpy(&slot->peer, like->msg_name, like->msg_namelen);
	message->msg_controllen = like->msg_controllen;
	if (like->msg_controllen > 0)
		memcpy(slot->control, like->msg_control, like->msg_controllen);
}

static bool is_for_us_alone(struct msghdr *message)
{
	for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at; at = CMSG_NXTHDR(message, at)) {
		struct in_pktinfo v4;
		struct in6_pktinfo v6;
		if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_PKTINFO) {
			memcpy(&v4, CMSG_DATA(at), sizeof(v4));
			if (v4.ipi_addr.s_addr != v4.ipi_spec_dst.s_addr)
				return false;
		} else if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_PKTINFO) {
			memcpy(&v6, CMSG_DATA(at), sizeof(v6));
			if (IN6_IS_ADDR_MULTICAST(&v6.ipi6_addr))
				return false;
		}
	}
	return true;
}

/* The answer leaves from the address that was asked: what came as control data goes back with it. */
static bool try_answer(struct coap_datagrams *own, size_t index)
{
	struct msghdr *message = &own->in.messages[index].msg_hdr;
	if (!own->answer || message->msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return false;
	const struct coap_datagram datagram = {
		.bytes = su_span_of(own->in.slots[index].bytes, own->in.messages[index].msg_len),
		.peer = message->msg_name,
		.is_for_us_alone = is_for_us_alone(message),
	};
	size_t len = own->answer(own->arg, &datagram, next_out(own)->bytes);
	if (len > 0)
		put_out(own, message, len);
	return len > 0;
}

size_t coap_datagrams_receive(struct coap_datagrams *own, bool *is_full_out)
{
	struct batch *in = &own->in;
	for (size_t i = 0; i < BATCH; i++) {
		in->messages[i].msg_hdr.msg_namelen = sizeof(in->slots[i].peer);
		in->messages[i].msg_hdr.msg_controllen = CONTROL_BYTES;
	}
	int n = recvmmsg(own->fd, in->messages, BATCH, MSG_DONTWAIT, NULL);
	in->count = n > 0 ? (size_t)n : 0;
	own->n_left = own->n_taken = 0;
	coap_datagrams_hold();
	for (size_t i = 0; i < in->count; i++)
		if (!try_answer(own, i))
			own->left[own->n_left++] = (uint8_t)i;
	coap_datagrams_release();
	*is_full_out = in->count == BATCH;
	return own->n_left;
}

static ssize_t scatter(const struct msghdr *message, struct su_span bytes)
{
	size_t done = 0;
	for (size_t i = 0; i < message->msg_iovlen && done < bytes.len; i++) {
		size_t room = message->msg_iov[i].iov_len;
		size_t len = bytes.len - done < room ? bytes.len - done : room;
		memcpy(message->msg_iov[i].iov_base, bytes.data + done, len);
		done += len;
	}
	return (ssize_t)done;
}

static ssize_t take_left(struct coap_datagrams *own, struct msghdr *message)
{
	size_t index = own->left[own->n_taken++];
	struct slot *slot = &own->in.slots[index];
	const struct msghdr *from = &own->in.messages[index].msg_hdr;
	struct su_span bytes = su_span_of(slot->bytes, own->in.messages[index].msg_len);
	if (message->msg_name && message->msg_namelen > from->msg_namelen)
		message->msg_namelen = from->msg_namelen;
	if (message->msg_name)
		memcpy(message->msg_name, &slot->peer, message->msg_namelen);
	message->msg_flags = from->msg_flags;
	if (message->msg_controllen >= from->msg_controllen) {
		memcpy(message->msg_control, slot->control, from->msg_controllen);
		message->msg_controllen = from->msg_controllen;
	} else {
		message->msg_controllen = 0;
		message->msg_flags |= MSG_CTRUNC;
	}
	return scatter(message, bytes);
}

static size_t length_of(const struct msghdr *message)
{
	size_t len = 0;
	for (size_t i = 0; i < message->msg_iovlen; i++)
		len += message->msg_iov[i].iov_len;
	return len;
}

static bool fits_slot(const struct msghdr *message)
{
	return message->msg_name && message->msg_namelen <= sizeof(struct sockaddr_storage) &&
	       message->msg_controllen <= CONTROL_BYTES &&
	       length_of(message) <= COAP_DATAGRAM_MAX_BYTES;
}

static ssize_t gather(struct coap_datagrams *own, const struct msghdr *message)
{
	size_t len = 0;
	struct slot *slot = next_out(own);
	for (size_t i = 0; i < message->msg_iovlen; i++) {
		memcpy(slot->bytes + len, message->msg_iov[i].iov_base,
			message->msg_iov[i].iov_len);
		len += message->msg_iov[i].iov_len;
	}
	put_out(own, message, len);
	if (n_holds == 0)
		flush(own);
	return (ssize_t)len;
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	struct coap_datagrams *own = owner_of(fd);
	if (own && own->n_taken < own->n_left)
		return take_left(own, message);
	return syscall(SYS_recvmsg, fd, message, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	struct coap_datagrams *own = owner_of(fd);
	if (own && fits_slot(message))
		return gather(own, message);
	if (own)
		flush(own); /* what came before goes before */
	return syscall(SYS_sendmsg, fd, message, flags);
}
