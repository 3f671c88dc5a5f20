/* SPDX-License-Identifier: Apache-2.0 */
/* The table of everything that is served over HTTP. A test holds it against api/openapi.yaml. */
#pragma once

#include "model/role.h"
#include "server/http_call.h"

enum http_place { HTTP_ON_WORKER, HTTP_ON_LOOP };

enum http_body_kind {
	HTTP_BODY_NONE,   /* a body is refused */
	HTTP_BODY_JSON,   /* one object, at most max_body */
	HTTP_BODY_RAW,    /* bytes in memory, at most max_body */
	HTTP_BODY_STREAM, /* bytes handed to the route's stream piece by piece */
};

/*
 * A body that does not fit in memory. prepare and release run on the loop's thread, the others on
 * worker threads, one after the other. A reply given before end refuses the rest of the body.
 * Once prepare was called, release is called too, last of all. Members may be NULL.
 */
struct http_stream {
	void (*prepare)(struct http_call *call);
	void (*begin)(struct http_call *call);
	void (*write)(struct http_call *call, struct su_span piece);
	void (*end)(struct http_call *call); /* the body is complete: replies */
	void (*cut)(
		struct http_call *call); /* instead of end: the client went away, or was refused */
	void (*release)(struct http_call *call);
	uint64_t (*max_bytes)(const struct http_env *env);
};

struct http_route {
	const char *method; /* a GET serves HEAD as well */
	const char *path;   /* "/api/v1/releases/{digest}/approve" */
	unsigned
		capabilities; /* enum capability bits, any of which suffices; 0: no token is asked for */
	enum http_body_kind body;
	enum http_place place;
	const char *query; /* the parameters it knows: "limit cursor"; NULL: none */
	const char
		*types; /* media types of the body: "a/b c/d"; NULL: any (JSON: application/json) */
	void (*handler)(struct http_call *call);
	const struct http_stream *stream;
	size_t max_body; /* 0: env->max_body_bytes */
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
