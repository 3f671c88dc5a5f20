/* SPDX-License-Identifier: Apache-2.0 */
/* A call without a connection, for what works on its data alone. */
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include "server/http_call.h"

struct call_fixture {
	struct http_env env;
	struct http_pair headers[4];
	struct http_call call;
};

static inline struct http_call *call_fixture_init(struct call_fixture *fixture, const char *path)
{
	*fixture = (struct call_fixture){ .env = { .max_body_bytes = 1000 } };
	fixture->call.env = &fixture->env;
	fixture->call.arena = su_arena_new();
	fixture->call.path = path;
	fixture->call.headers = fixture->headers;
	fixture->call.reply.fd = -1;
	return &fixture->call;
}

static inline void call_fixture_header(
	struct call_fixture *fixture, const char *name, const char *value)
{
	fixture->headers[fixture->call.n_headers++] = (struct http_pair){ name, value };
}

static inline void call_fixture_free(struct call_fixture *fixture)
{
	free(fixture->call.reply.text);
	su_arena_free(&fixture->call.arena);
}
