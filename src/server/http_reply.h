/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reply to a call: filled in by its handler, sent by the front end. The first reply counts;
 * a handler that gives none makes a 500.
 */
#pragma once

#include <jansson.h>

#include "base/span.h"
#include "base/status.h"

#define HTTP_REPLY_MAX_HEADERS 10

struct http_call;

struct http_reply {
	unsigned status; /* 0: none yet */
	size_t n_headers;
	struct {
		const char *name, *value;
	} headers[HTTP_REPLY_MAX_HEADERS];
	const char *content_type; /* NULL: no body */
	char *text;               /* malloc'd body, or NULL */
	struct su_span bytes;     /* a body in the call's arena */
	int fd;                   /* a file to send, -1: none; closed with the reply */
	uint64_t file_offset, file_bytes;
};

/* The one table from what happened to the status line. */
unsigned http_reply_status(enum su_status status);

void http_reply_empty(struct http_call *call, unsigned status);
/* Consumes body. */
void http_reply_json_take(struct http_call *call, unsigned status, json_t *body);
/* body must live as long as the call's arena. */
void http_reply_bytes(
	struct http_call *call, unsigned status, const char *content_type, struct su_span body);
/* Consumes fd. Sent without copying. */
void http_reply_file_take(
	struct http_call *call, unsigned status, int fd, uint64_t offset, uint64_t len);
/* A problem document (RFC 9457) with the status of err's own. */
void http_reply_error(struct http_call *call, const struct su_error *err);
/* A problem document for what only HTTP knows: 404 of a path, 405, 415, ... */
void http_reply_problem(struct http_call *call, unsigned status, const char *fmt, ...)
	SU_PRINTF(3, 4);
/* name must be a constant; value is copied. Allowed before and after the reply; takes the place of an
 * earlier one of this name. */
void http_reply_header(struct http_call *call, const char *name, const char *fmt, ...)
	SU_PRINTF(3, 4);
/* The ETag of a resource with a row version. */
void http_reply_row_version(struct http_call *call, int64_t row_version);
