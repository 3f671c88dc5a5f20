/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every peer is looked at once in each idle_ms, so all peers stand in one queue in the order in
 * which they are due, and a sweep touches only the due ones.
 */
#include "server/limits.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define N_SLOTS 1024

/* What of an address counts: IPv4 whole, IPv6 the network half. */
struct network {
	sa_family_t family;
	uint8_t bytes[8];
};

struct slot {
	struct slot *next;
	struct network network;
	unsigned n_peers;
};

struct limits_peer {
	struct limits_peer *previous, *next;
	struct slot *slot;
	int fd;
	bool paused, completed;
	uint64_t bytes_moved;
	int64_t due_ms;
};

struct limits {
	struct limits_opts opts;
	struct slot *slots[N_SLOTS];
	struct limits_peer *first, *last; /* the first is due first */
	uint64_t n_cut;
};

static struct network network_of(const struct sockaddr *address)
{
	struct network network = { .family = address->sa_family };
	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;
		memcpy(network.bytes, &in->sin_addr, 4);
	} else if (address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)address;
		const uint8_t *bytes = in6->sin6_addr.s6_addr;
		bool mapped = IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr);
		memcpy(network.bytes, mapped ? bytes + 12 : bytes, mapped ? 4 : 8);
		network.family = mapped ? AF_INET : AF_INET6;
	}
	return network;
}

static bool network_equal(const struct network *a, const struct network *b)
{
	return a->family == b->family && !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

static size_t slot_index(const struct network *network)
{
	uint64_t bits;
	memcpy(&bits, network->bytes, sizeof(bits));
	return (size_t)((bits * UINT64_C(0x9e3779b97f4a7c15)) >> 54) % N_SLOTS;
}

static struct slot *find_slot(const struct limits *limits, const struct network *network)
{
	struct slot *slot = limits->slots[slot_index(network)];
	while (slot && !network_equal(&slot->network, network))
		slot = slot->next;
	return slot;
}

static struct slot *take_slot(struct limits *limits, const struct network *network)
{
	struct slot *slot = find_slot(limits, network);
	if (!slot) {
		struct slot **head = &limits->slots[slot_index(network)];
		slot = su_new(struct slot);
		slot->network = *network;
		slot->next = *head;
		*head = slot;
	}
	slot->n_peers++;
	return slot;
}

static void give_slot_back(struct limits *limits, struct slot *slot)
{
	if (--slot->n_peers)
		return;
	struct slot **at = &limits->slots[slot_index(&slot->network)];
	while (*at != slot)
		at = &(*at)->next;
	*at = slot->next;
	free(slot);
}

static void enqueue(struct limits *limits, struct limits_peer *peer, int64_t now_ms)
{
	peer->due_ms = now_ms + limits->opts.idle_ms;
	peer->previous = limits->last;
	peer->next = NULL;
	*(limits->last ? &limits->last->next : &limits->first) = peer;
	limits->last = peer;
}

static void dequeue(struct limits *limits, struct limits_peer *peer)
{
	*(peer->previous ? &peer->previous->next : &limits->first) = peer->next;
	*(peer->next ? &peer->next->previous : &limits->last) = peer->previous;
}

struct limits *limits_new(const struct limits_opts *opts)
{
	struct limits *limits = su_new(struct limits);
	limits->opts = *opts;
	return limits;
}

void limits_free(struct limits **limits)
{
	if (!limits || !*limits)
		return;
	free(*limits);
	*limits = NULL;
}

bool limits_admits(const struct limits *limits, const struct sockaddr *address)
{
	struct network network = network_of(address);
	const struct slot *slot = find_slot(limits, &network);
	return !limits->opts.max_per_address || !slot ||
	       slot->n_peers < limits->opts.max_per_address;
}

struct limits_peer *limits_add(
	struct limits *limits, const struct sockaddr *address, int fd, int64_t now_ms)
{
	struct network network = network_of(address);
	struct limits_peer *peer = su_new(struct limits_peer);
	peer->slot = take_slot(limits, &network);
	peer->fd = fd;
	enqueue(limits, peer, now_ms);
	return peer;
}

void limits_remove(struct limits *limits, struct limits_peer **peer)
{
	if (!*peer)
		return;
	dequeue(limits, *peer);
	give_slot_back(limits, (*peer)->slot);
	free(*peer);
	*peer = NULL;
}

void limits_completed(struct limits_peer *peer)
{
	peer->completed = true;
}

void limits_pause(struct limits_peer *peer, bool paused)
{
	peer->paused = paused;
	/* What we kept waiting gets a whole period afterwards. */
	peer->completed = true;
}

/* Whether the peer did its part since it was last looked at. */
static bool has_moved(const struct limits *limits, struct limits_peer *peer)
{
	uint64_t now_moved = limits->opts.bytes_moved(peer->fd);
	bool moved = peer->paused || peer->completed ||
		     now_moved - peer->bytes_moved >= limits->opts.min_progress_bytes;
	peer->bytes_moved = now_moved;
	peer->completed = false;
	return moved;
}

int64_t limits_sweep(struct limits *limits, int64_t now_ms)
{
	struct limits_peer *peer;
	while ((peer = limits->first) && peer->due_ms <= now_ms) {
		if (!has_moved(limits, peer)) {
			limits->opts.cut(peer->fd);
			limits->n_cut++;
		}
		dequeue(limits, peer);
		enqueue(limits, peer, now_ms);
	}
	return peer ? peer->due_ms - now_ms : -1;
}

uint64_t limits_n_cut(const struct limits *limits)
{
	return limits->n_cut;
}

uint64_t limits_tcp_bytes_moved(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
		return 0;
	return info.tcpi_bytes_acked + info.tcpi_bytes_received;
}

void limits_tcp_cut(int fd)
{
	shutdown(fd, SHUT_RDWR);
}
