/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session over which each endpoint was heard last: the only way to a device behind NAT. Bounded;
 * who was silent longest is forgotten first. A session that is remembered stays open.
 */
#pragma once

#include "model/profile.h"
#include "server/coap_peer.h"

struct coap_links;
struct coap_command;

struct coap_link {
	struct coap_link *next;          /* in its bucket */
	struct coap_link *newer, *older; /* by contact */
	char *endpoint;
	struct coap_peer *peer;       /* its session is referenced; NULL: it is gone */
	int64_t last_ms;              /* of its last message, Unix time */
	bool silent;                  /* the last command was lost, and nothing came since */
	unsigned szx;                 /* the size of blocks that it took last */
	struct coap_command *command; /* under way */
};

struct coap_links *coap_links_new(size_t max);
void coap_links_free(struct coap_links **links); /* lets go of all sessions */
struct coap_link *coap_links_find(const struct coap_links *links, const char *endpoint);
/* It was heard. NULL: all links have commands under way. */
struct coap_link *coap_links_note(
	struct coap_links *links, const char *endpoint, struct coap_peer *peer, int64_t now_ms);
/* The session has ended. */
void coap_links_drop_peer(struct coap_links *links, const struct coap_peer *peer);
/* profile NULL: not known. */
bool coap_link_in_reach(const struct coap_link *link, const struct profile *profile, int64_t now_ms,
	int64_t *until_ms_out);
