/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of sockets as text: "127.0.0.1:8080", "[::1]:8080". */
#pragma once

#include <sys/socket.h>

#include "base/arena.h"
#include "base/status.h"

#define NET_ADDRESS_TEXT_SIZE 80

struct net_address {
	struct sockaddr_storage storage;
	socklen_t len;
};

/*
 * Numeric addresses only, so that nothing waits for a name server. ":8080" and "*:8080" are all
 * addresses of both families.
 */
enum su_status net_address_parse(
	const char *text, struct net_address *out, struct su_error *err) SU_MUST_CHECK;
void net_address_format(const struct sockaddr *address, char out[NET_ADDRESS_TEXT_SIZE]);

/* A listening TCP socket, non-blocking. "[::]" takes IPv4 as well. SU_IO. */
enum su_status net_address_listen(
	const struct net_address *address, int *fd_out, struct su_error *err) SU_MUST_CHECK;
