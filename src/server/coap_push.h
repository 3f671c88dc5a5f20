/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a push stands: which item, from which byte on, in blocks of which size (RFC 7959 section 2.5).
 * The device's answers move it. Pure.
 */
#pragma once

#include "server/coap_request.h"
#include "tracker/channel.h"

#define COAP_PUSH_LARGEST_SZX 6

struct coap_push;

enum coap_push_step {
	COAP_PUSH_GO_ON,    /* send the next block */
	COAP_PUSH_COMPLETE, /* the device has everything */
	COAP_PUSH_REFUSED,  /* not even the smallest blocks, or it is too large */
	COAP_PUSH_BROKEN,   /* began again too often */
	COAP_PUSH_NONSENSE,
	COAP_PUSH_OTHER, /* the code says nothing about blocks */
};

struct coap_push_block {
	struct digest blob;
	const char *digest_hex; /* of the image; NULL: it is the manifest */
	const char *deployment; /* its text */
	uint64_t offset;
	unsigned szx;
	bool is_first;
};

/* Copies what it needs of command. szx: to begin with. */
struct coap_push *coap_push_new(const struct device_command *command, unsigned szx);
void coap_push_free(struct coap_push **push);
void coap_push_block(const struct coap_push *push, struct coap_push_block *out);
/* This many bytes were sent of the present block; last: none are left of the item. */
void coap_push_sent(struct coap_push *push, size_t len, bool last);
/* The blocks do not fit into a message. False: there are no smaller ones. */
bool coap_push_shrink(struct coap_push *push);
/* item_bytes: of the present item; size1: what the device says it takes, when has_size1. */
struct coap_push_answer {
	unsigned code;
	struct coap_block block1;
	bool has_size1;
	uint64_t size1, item_bytes;
};
enum coap_push_step coap_push_take(struct coap_push *push, const struct coap_push_answer *answer);
unsigned coap_push_szx(const struct coap_push *push);
