/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request, as a handler sees it. Where a handler runs is its route's choice (http_routes.h): on a
 * worker thread, straight through, with a database connection, or on the loop's thread, where it
 * must not block and may answer later. Texts and spans live in the call's arena.
 */
#pragma once

#include <jansson.h>

#include "base/arena.h"
#include "model/token.h"
#include "server/http_opts.h"
#include "server/http_reply.h"
#include "store/connection.h"

#define HTTP_MAX_PATH_VALUES 2

struct http_route;

struct http_pair {
	const char *name, *value;
};

struct http_call {
	const struct http_env *env;
	const struct http_route *route;
	struct su_arena *arena;
	struct store_conn *conn; /* NULL on the loop */
	const char *path;        /* as sent, before percent-decoding, without the query */
	const char *values[HTTP_MAX_PATH_VALUES]; /* decoded, in the order of the route's {names} */
	size_t n_query, n_headers;
	const struct http_pair *query, *headers; /* query is decoded */
	struct su_span body;                     /* of HTTP_BODY_RAW and HTTP_BODY_JSON */
	const json_t *json;                      /* of HTTP_BODY_JSON: an object */
	const struct token *actor;               /* NULL on routes without capability */
	const char *address;                     /* of the peer: "[::1]:40000" */
	bool secure;                             /* came over TLS */
	bool is_head;                            /* a HEAD that its GET serves */
	int64_t now_ms;
	void *state; /* the handler's own, in the arena */
	/* What was committed for it: the loop forgets what it remembers before the reply. */
	bool tokens_changed;
	const char *device_changed; /* an endpoint */
	char *release_news; /* as store_conn_take_news() gives it, without the handler's doing */
	struct http_reply reply;
	const char *fault; /* for the log: why the reply says that it could not be done, or NULL */
};

/* NULL when absent. Names of headers ignore case. */
const char *http_call_header(const struct http_call *call, const char *name);
const char *http_call_query(const struct http_call *call, const char *name);
/* "Bearer <secret>" of the Authorization header without the word; NULL. */
const char *http_call_bearer(const struct http_call *call);

/* ?limit= (1..1000, default 100). SU_INVALID. */
enum su_status http_call_limit(
	const struct http_call *call, size_t *out, struct su_error *err) SU_MUST_CHECK;
/* Any other parameter that is a number; out is left alone when it is absent. SU_INVALID. */
enum su_status http_call_number(const struct http_call *call, const char *name, int64_t *out,
	struct su_error *err) SU_MUST_CHECK;
/* The row version that If-Match names; 0 when it is absent or "*". SU_STALE when it cannot match. */
enum su_status http_call_if_match(
	const struct http_call *call, int64_t *out, struct su_error *err) SU_MUST_CHECK;
