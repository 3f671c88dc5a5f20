/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request bodies that arrive in Block1 pieces (RFC 7959 section 2.5), put together within bounds:
 * size, number in all and per peer, and time. Ours because libcoap 4.3.1 can be crashed through
 * its own reassembly. Pure: peers are opaque pointers, time is an argument.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct coap_bodies;

struct coap_body_opts {
	size_t max_body_bytes;
	size_t max_bodies;
	size_t max_bodies_per_peer;
	int64_t timeout_ms; /* a body that is not fed so long is dropped */
	/* One that is not fed so long makes room for another. */
	int64_t patience_ms;
	/* Called for each body that begins and that ends, so that its peer can be kept alive. */
	void (*on_begin)(void *peer);
	void (*on_end)(void *peer);
};
struct coap_bodies *coap_bodies_new(const struct coap_body_opts *opts);
void coap_bodies_free(struct coap_bodies **bodies);

struct coap_body_block {
	void *peer;         /* peer and key tell bodies apart */
	struct su_span key; /* method, path, query, Request-Tag (RFC 9175 section 3) in one */
	uint32_t num;
	bool more;
	unsigned szx; /* 0..6: blocks of 16 << szx bytes */
	bool has_size;
	uint64_t size_bytes; /* Size1 */
	struct su_span payload;
};

enum coap_body_verdict {
	COAP_BODY_WHOLE,      /* the last block: body_out has all of it */
	COAP_BODY_CONTINUE,   /* 2.31: send the next */
	COAP_BODY_INCOMPLETE, /* 4.08: a block is missing, begin again */
	COAP_BODY_TOO_LARGE,  /* 4.13 */
	COAP_BODY_INVALID,    /* 4.00: a block that is neither full nor the last */
	COAP_BODY_BUSY,       /* 5.03: too many at once */
};

/*
 * A block that is here already is accepted again: its acknowledgement may have been lost.
 * body_out is valid until the next call.
 */
enum coap_body_verdict coap_body_add(struct coap_bodies *bodies,
	const struct coap_body_block *block, int64_t now_ms, struct su_span *body_out);

/* Drops what waited too long. Returns when to call again, or 0 when nothing is left. */
int64_t coap_body_expire(struct coap_bodies *bodies, int64_t now_ms);
size_t coap_body_count(const struct coap_bodies *bodies);
