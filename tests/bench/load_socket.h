/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fleet's addresses on one machine: peer i has its own pair of address and port in 127.0.0.0/8. A
 * handful of sockets, each bound to one port of all addresses, stand for any number of them: the
 * source address goes with each datagram, so 100,000 peers need no 100,000 descriptors.
 */
#pragma once

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#define LOAD_MAX_PORTS 1024

struct load_socket;

/* Ends the program when it cannot. server: "127.0.0.1:5683". */
struct load_socket *load_socket_open(const char *server, uint32_t n_peers, unsigned n_ports);
void load_socket_free(struct load_socket **set);

/* Goes out with the next flush at the latest; bytes of more than 4 are borrowed until then. */
void load_socket_send(struct load_socket *set, uint32_t peer, const uint8_t *bytes, size_t len);
void load_socket_flush(struct load_socket *set);

/* peer: UINT32_MAX when the datagram came for none of ours. */
typedef void (*load_on_datagram)(void *arg, uint32_t peer, const uint8_t *bytes, size_t len);
/* Everything that is there, at most a batch of each socket; the number of datagrams. */
size_t load_socket_receive(struct load_socket *set, load_on_datagram on_datagram, void *arg);
/* Until something comes, at most so long. */
void load_socket_wait(struct load_socket *set, int64_t at_most_ns);
