/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one client may take from the others: connections per address, and connections on which
 * nothing moves. Progress is what the peer's TCP took or gave, not what was put into the socket:
 * so a slow download through full buffers is seen to move, and a client that reads one byte a
 * minute is seen not to. Time is an argument. For the loop's thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct limits;
struct limits_peer;

struct limits_opts {
	unsigned max_per_address; /* an IPv6 address counts as its /64; 0: any number */
	int64_t idle_ms;
	uint64_t min_progress_bytes;     /* to be moved in idle_ms, unless a request is completed */
	uint64_t (*bytes_moved)(int fd); /* since the connection began, both ways */
	void (*cut)(int fd);
};

struct limits *limits_new(const struct limits_opts *opts);
void limits_free(struct limits **limits); /* all peers are gone already */

bool limits_admits(const struct limits *limits, const struct sockaddr *address);
struct limits_peer *limits_add(
	struct limits *limits, const struct sockaddr *address, int fd, int64_t now_ms);
void limits_remove(struct limits *limits, struct limits_peer **peer);
void limits_completed(struct limits_peer *peer); /* a request */
/* While paused it is our turn, not the peer's: it is not cut. */
void limits_pause(struct limits_peer *peer, bool paused);

/* Cuts whoever is due. Returns in how many milliseconds to call again, -1: nobody is there. */
int64_t limits_sweep(struct limits *limits, int64_t now_ms);
uint64_t limits_n_cut(const struct limits *limits); /* so far */

/* For limits_opts: the kernel's account of a TCP connection, and its end. */
uint64_t limits_tcp_bytes_moved(int fd);
void limits_tcp_cut(int fd);
