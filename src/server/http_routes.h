/* SPDX-License-Identifier: Apache-2.0 */
/* The table of everything that is served over HTTP. A test holds it against api/openapi.yaml. */
#pragma once

#include "model/role.h"
#include "server/http_call.h"

enum http_body_kind {
	HTTP_BODY_NONE,   /* a body is refused */
	HTTP_BODY_JSON,   /* one object of at most env->max_body_bytes; no body is {} */
	HTTP_BODY_RAW,    /* bytes in memory, at most env->max_body_bytes */
	HTTP_BODY_STREAM, /* bytes handed to the route's stream, at most env->max_image_bytes */
};

/* Beside enum capability: no token is asked for when env->open_metrics says so. */
#define HTTP_METRICS (1U << 31)

/*
 * A body that does not fit in memory. All run on worker threads, one after the other. A fault is the
 * reply and refuses the rest of the body.
 */
struct http_stream {
	enum su_status (*begin)(struct http_call *call, struct su_error *err);
	enum su_status (*write)(struct http_call *call, struct su_span piece, struct su_error *err);
	enum su_status (*end)(struct http_call *call, struct su_error *err); /* replies */
	/* Instead of end, when begin succeeded: the client went away, or the body was refused. */
	void (*cut)(struct http_call *call);
};

/* Exactly one of work, handler and stream is given. */
struct http_route {
	const char *method;    /* a GET serves HEAD as well */
	const char *path;      /* "/api/v1/releases/{digest}/approve" */
	unsigned capabilities; /* bits, any of which suffices; 0: no token is asked for */
	enum http_body_kind body;
	const char *query; /* the parameters it knows: "limit cursor"; with "*" it ignores others */
	const char *types; /* of the body: "a/b c/d"; NULL: any (JSON: application/json) */
	/* On a worker, straight through: a fault is the reply, else it has replied. */
	enum su_status (*work)(struct http_call *call, struct su_error *err);
	/* On the loop: replies and calls http_hold_finish, now or later. Must not block. */
	void (*handler)(struct http_call *call);
	const struct http_stream *stream;
};

#define HTTP_ROUTES_MAX_ALLOW 64

/*
 * Finds the route and fills call->route and call->values. SU_NOT_FOUND: nothing has this path;
 * SU_DENIED: the path has other methods, listed in allow_out; SU_INVALID: bad percent-encoding.
 */
enum su_status http_routes_find(struct http_call *call, const char *method,
	char allow_out[HTTP_ROUTES_MAX_ALLOW], struct su_error *err) SU_MUST_CHECK;

/* Every route, for tests and tools. */
size_t http_routes_list(const struct http_route **out);
