/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the reference device speaks to a server: one request at a time, answers by callback on the
 * loop's thread. CoAP and HTTP stand behind the same operations.
 */
#pragma once

#include <stdbool.h>

#include "base/loop.h"
#include "base/span.h"

enum link_method { LINK_GET, LINK_POST, LINK_PUT, LINK_DELETE };

/* Borrowed until the reply. path begins with '/'; on HTTP the device plane's prefix is put before
 * paths of the tracker (plane), not before those of the firmware server. */
struct link_request {
	enum link_method method;
	bool plane;
	const char *path;
	const char *endpoint; /* said in the query; NULL: not said */
	unsigned wait_s;      /* said in the query: so long the server may take; 0: not said */
	struct su_span body;  /* CBOR, or empty */
	struct su_span etag;  /* GET: of what the device has already; empty: nothing */
	uint64_t offset;      /* GET: go on from this byte, if it still is what etag names */
};

/* What came back. Bytes of a GET have gone to the sink before. */
struct link_reply {
	enum su_status status; /* SU_OK for 2.xx and 304; SU_RETRY when nobody answered */
	bool unchanged;        /* 2.03, 304: the ETag is current */
	struct su_error error; /* the server's own words where it gave some */
	const char *location;  /* path of a created resource, or NULL */
	int64_t wait_ms; /* SU_RETRY: how long the server wants to be left alone; 0: it did not say */
	int64_t fresh_ms; /* GET: so long the answer holds (Max-Age, max-age); 0: it did not say */
};

/* A piece of what a GET brings. */
struct link_piece {
	uint64_t offset; /* where it stands in the whole; 0 where a part was asked for: all anew */
	uint64_t total_bytes; /* 0: unknown */
	struct su_span bytes;
	struct su_span etag; /* opaque, of the transport's own form; empty: none given */
};

/*
 * Takes the pieces of a GET in order. A false return ends the transfer. May run on another thread,
 * never beside another call for the same link.
 */
typedef bool (*link_sink_fn)(void *arg, const struct link_piece *piece);
typedef void (*link_reply_fn)(void *arg, const struct link_reply *reply);

/* What a device answers. */
enum link_code {
	LINK_CHANGED,
	LINK_CONTENT,
	LINK_CONTINUE, /* the next block, please */
	LINK_BAD,
	LINK_UNKNOWN,
	LINK_NOT_ALLOWED,
	LINK_INCOMPLETE, /* a block is missing */
	LINK_CONFLICT,
	LINK_TOO_LARGE,
};

/* What the server asks of the device, over the link that the device opened; of a large body a block. */
struct link_call {
	enum link_method method;
	const char *path;
	const char *query; /* "" when there is none */
	struct su_span body;
	uint64_t offset; /* of body in the whole */
	bool more;       /* and it goes on */
};
struct link_answer {
	enum link_code code;
	struct su_buf body; /* CBOR, or the text of an error; freed by who asked for it */
};
typedef void (*link_listen_fn)(void *arg, const struct link_call *call, struct link_answer *answer);

struct link;

struct link_operations {
	void (*send)(struct link *link, const struct link_request *request, link_sink_fn sink,
		link_reply_fn on_reply, void *arg);
	void (*halt)(struct link *link);
	void (*free)(struct link *link);
	/* NULL where nobody can call a device. */
	void (*listen)(struct link *link, link_listen_fn on_call, void *arg);
	void (*sleep)(struct link *link);
};

/* The head of every link. */
struct link {
	const struct link_operations *operations;
};

/* sink may be NULL when no bytes are wanted. on_reply never runs before link_send has returned. */
void link_send(struct link *link, const struct link_request *request, link_sink_fn sink,
	link_reply_fn on_reply, void *arg);
/* No reply comes any more; a sink may still be called until the worker pool of the link is gone. */
void link_halt(struct link *link);
/* A link that uses a worker pool is halted and its pool freed before. */
void link_free(struct link **link);

/* on_call takes what the server asks from now on. False: it cannot, and has to be asked for commands. */
bool link_listen(struct link *link, link_listen_fn on_call, void *arg);
/* Not during an exchange. Deaf until the next request goes out: what is sent to the device is lost. */
void link_sleep(struct link *link);

/* Credentials of one device. */
struct link_identity {
	const char *endpoint;
	struct su_span psk; /* coaps; empty: none */
	const char *token;  /* http, https; NULL: none */
};
