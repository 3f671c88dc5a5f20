/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps a number of requests outstanding until the time is over or all have been made, and repeats
 * what is not answered, as RFC 7252 section 4.2 says. Latencies count from the moment at which a
 * request was due, so a server that stands still does not make its own figures better.
 */
#pragma once

#include "load_fault.h"
#include "load_result.h"
#include "load_socket.h"
#include "load_task.h"

#define LOAD_MAX_OUTSTANDING 4096

struct load_run {
	const struct load_task *task;
	struct load_socket *sockets;
	uint32_t n_peers, first_peer; /* the number in its name is first_peer and more */
	unsigned outstanding;
	int64_t duration_ns; /* 0: until each peer has had its turn */
	double per_second;   /* 0: as fast as answers come */
	int64_t ack_timeout_ns;
	struct load_fault fault;
	struct load_result result;
};

void load_run_start(struct load_run *run);
