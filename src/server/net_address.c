/* SPDX-License-Identifier: Apache-2.0 */
/* Parsing and formatting through getaddrinfo and getnameinfo, numeric only. */
#include "server/net_address.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

#define BACKLOG 1024

static enum su_status malformed(const char *text, struct su_error *err)
{
	return su_fail(err, SU_INVALID, "listen",
		"%.100s is no address and port such as 127.0.0.1:8080 or [::1]:8080", text);
}

/* Splits "[host]:port" or "host:port"; an empty host or "*" means every address. */
static bool split(const char *text, char host[64], const char **port_out)
{
	const char *colon = strrchr(text, ':');
	if (!colon || !colon[1] || colon - text >= 64)
		return false;
	size_t len = (size_t)(colon - text);
	bool bracketed = len >= 2 && text[0] == '[' && text[len - 1] == ']';
	if (bracketed) {
		text++;
		len -= 2;
	}
	memcpy(host, text, len);
	host[len] = '\0';
	if (!bracketed && strchr(host, ':'))
		return false;
	if (!bracketed && (!len || !strcmp(host, "*")))
		strcpy(host, "::");
	*port_out = colon + 1;
	return strspn(colon + 1, "0123456789") == strlen(colon + 1) && strlen(colon + 1) <= 5 &&
	       strtoul(colon + 1, NULL, 10) <= UINT16_MAX;
}

enum su_status net_address_parse(const char *text, struct net_address *out, struct su_error *err)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *found = NULL;
	char host[64];
	const char *port;
	if (!split(text, host, &port) || getaddrinfo(host, port, &hints, &found) != 0)
		return malformed(text, err);
	*out = (struct net_address){ .len = found->ai_addrlen };
	memcpy(&out->storage, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return SU_OK;
}

void net_address_format(const struct sockaddr *address, char out[NET_ADDRESS_TEXT_SIZE])
{
	char host[64], port[8];
	socklen_t len = address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
						       : sizeof(struct sockaddr_in);
	if (getnameinfo(address, len, host, sizeof(host), port, sizeof(port),
		    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
		strcpy(out, "unknown");
		return;
	}
	const char *shown = strncmp(host, "::ffff:", 7) ? host : host + 7;
	snprintf(out, NET_ADDRESS_TEXT_SIZE, strchr(shown, ':') ? "[%s]:%s" : "%s:%s", shown, port);
}

static enum su_status cannot_listen(
	const struct net_address *address, const char *what, struct su_error *err)
{
	int fault = errno;
	char text[NET_ADDRESS_TEXT_SIZE];
	net_address_format((const struct sockaddr *)(const void *)&address->storage, text);
	return su_fail(err, SU_IO, "listen", "%s on %s: %s", what, text, strerror(fault));
}

enum su_status net_address_listen(
	const struct net_address *address, int *fd_out, struct su_error *err)
{
	const int on = 1, off = 0;
	int fd su_auto(su_close_fd) =
		socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return cannot_listen(address, "cannot open a socket", err);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (address->storage.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, (const struct sockaddr *)(const void *)&address->storage, address->len) != 0 ||
		listen(fd, BACKLOG) != 0)
		return cannot_listen(address, "cannot listen", err);
	*fd_out = fd;
	fd = -1;
	return SU_OK;
}
