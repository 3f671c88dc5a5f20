/* SPDX-License-Identifier: Apache-2.0 */
/* Replies as data; http_exchange.c turns them into what libmicrohttpd sends. */
#include "server/http_reply.h"

#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/http_call.h"
#include "server/http_problem.h"

#define PROBLEM_TYPE  "application/problem+json"
#define RETRY_AFTER_S 2

unsigned http_reply_status(enum su_status status)
{
	switch (status) {
	case SU_OK:
		return MHD_HTTP_OK;
	case SU_INVALID:
		return MHD_HTTP_BAD_REQUEST;
	case SU_UNAUTHENTIC:
	case SU_UNSUPPORTED:
		return MHD_HTTP_UNPROCESSABLE_CONTENT;
	case SU_UNAUTHENTICATED:
		return MHD_HTTP_UNAUTHORIZED;
	case SU_DENIED:
		return MHD_HTTP_FORBIDDEN;
	case SU_NOT_FOUND:
		return MHD_HTTP_NOT_FOUND;
	case SU_CONFLICT:
		return MHD_HTTP_CONFLICT;
	case SU_STALE:
		return MHD_HTTP_PRECONDITION_FAILED;
	case SU_TOO_LARGE:
		return MHD_HTTP_CONTENT_TOO_LARGE;
	case SU_BUSY:
	case SU_RETRY:
	case SU_UNCERTAIN:
		return MHD_HTTP_SERVICE_UNAVAILABLE;
	case SU_FULL:
		return MHD_HTTP_INSUFFICIENT_STORAGE;
	case SU_IO:
	case SU_BUG:
		break;
	}
	return MHD_HTTP_INTERNAL_SERVER_ERROR;
}

/* The first reply counts. */
static struct http_reply *open_reply(struct http_call *call, unsigned status, const char *type)
{
	struct http_reply *reply = &call->reply;
	if (reply->status)
		return NULL;
	reply->status = status;
	reply->content_type = type;
	return reply;
}

void http_reply_empty(struct http_call *call, unsigned status)
{
	open_reply(call, status, NULL);
}

void http_reply_json_take(struct http_call *call, unsigned status, json_t *body)
{
	struct http_reply *reply = open_reply(call, status, "application/json");
	if (reply) {
		reply->text = json_dumps(body, JSON_COMPACT);
		if (!reply->text)
			abort();
		http_reply_header(call, "Cache-Control", "no-store");
	}
	json_decref(body);
}

void http_reply_bytes(
	struct http_call *call, unsigned status, const char *content_type, struct su_span body)
{
	struct http_reply *reply = open_reply(call, status, content_type);
	if (reply)
		reply->bytes = body;
}

void http_reply_file_take(
	struct http_call *call, unsigned status, int fd, uint64_t offset, uint64_t len)
{
	struct http_reply *reply = open_reply(call, status, "application/octet-stream");
	if (!reply) {
		close(fd);
		return;
	}
	reply->fd = fd;
	reply->file_offset = offset;
	reply->file_bytes = len;
}

static void reply_with_problem(
	struct http_call *call, unsigned status, const char *detail, const char *field)
{
	struct http_reply *reply = open_reply(call, status, PROBLEM_TYPE);
	if (!reply)
		return;
	if (status >= MHD_HTTP_INTERNAL_SERVER_ERROR)
		call->fault = su_arena_strdup(call->arena, detail);
	reply->bytes =
		http_problem_write(call->arena, &(struct http_problem){
							.status = status,
							.title = MHD_get_reason_phrase_for(status),
							.detail = detail,
							.field = field,
						});
	http_reply_header(call, "Cache-Control", "no-store");
}

void http_reply_error(struct http_call *call, const struct su_error *err)
{
	if (call->reply.status)
		return;
	unsigned status = http_reply_status(err->status);
	if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
		http_reply_header(call, "Retry-After", "%d", RETRY_AFTER_S);
	reply_with_problem(call, status, err->text, err->field);
}

void http_reply_problem(struct http_call *call, unsigned status, const char *fmt, ...)
{
	char detail[256];
	va_list args;
	va_start(args, fmt);
	vsnprintf(detail, sizeof(detail), fmt, args);
	va_end(args);
	reply_with_problem(call, status, detail, "");
}

void http_reply_header(struct http_call *call, const char *name, const char *fmt, ...)
{
	struct http_reply *reply = &call->reply;
	char value[1024];
	va_list args;
	size_t at = 0;
	while (at < reply->n_headers && strcmp(reply->headers[at].name, name) != 0)
		at++;
	if (at == HTTP_REPLY_MAX_HEADERS)
		return;
	va_start(args, fmt);
	vsnprintf(value, sizeof(value), fmt, args);
	va_end(args);
	reply->headers[at].name = name;
	reply->headers[at].value = su_arena_strdup(call->arena, value);
	if (at == reply->n_headers)
		reply->n_headers++;
}

void http_reply_row_version(struct http_call *call, int64_t row_version)
{
	http_reply_header(call, "ETag", "\"%" PRId64 "\"", row_version);
}
