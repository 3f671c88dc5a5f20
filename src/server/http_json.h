/* SPDX-License-Identifier: Apache-2.0 */
/* Reading members of a request's JSON object, strictly, and writing the common kinds of values. */
#pragma once

#include <jansson.h>

#include "base/arena.h"
#include "base/uuid.h"
#include "model/digest.h"

#define HTTP_JSON_MAX_MEMBERS 16
#define HTTP_JSON_MAX_UUIDS   32

/*
 * Each member is asked for once; the first fault is kept and makes later steps do nothing;
 * http_json_end then refuses members that nobody asked for. A null counts as absent.
 */
struct http_json_reader {
	const json_t *object;
	struct su_error fault; /* status SU_OK: none */
	size_t n_known;
	const char *known[HTTP_JSON_MAX_MEMBERS];
};

struct http_json_reader http_json_reader_of(const json_t *object);
/* Texts have 1..max bytes without control characters and are borrowed from the object. */
const char *http_json_read_text(struct http_json_reader *reader, const char *name, size_t max);
const char *http_json_need_text(struct http_json_reader *reader, const char *name, size_t max);
const json_t *http_json_read_object(struct http_json_reader *reader, const char *name);
int64_t http_json_read_time(struct http_json_reader *reader, const char *name); /* 0: absent */
/* -1: absent */
int http_json_read_bool(struct http_json_reader *reader, const char *name);
size_t http_json_read_uuids(struct http_json_reader *reader, struct su_arena *arena,
	const char *name, const struct su_uuid **out);
enum su_status http_json_end(struct http_json_reader *reader, struct su_error *err) SU_MUST_CHECK;

/* Members of a reply. An absent value (NULL text, time 0, unset digest) is written as null. */
void http_json_put_text(json_t *object, const char *name, const char *text);
void http_json_put_time(json_t *object, const char *name, int64_t wall_ms);
void http_json_put_digest(json_t *object, const char *name, const struct digest *digest);
void http_json_put_uuid(json_t *object, const char *name, struct su_uuid id);
void http_json_put_uuids(json_t *object, const char *name, const struct su_uuid *ids, size_t n);
void http_json_put_int(json_t *object, const char *name, int64_t number);
void http_json_put_uint(json_t *object, const char *name, uint64_t number); /* too large: null */
/* null unless given. */
void http_json_put_int_if(json_t *object, const char *name, bool given, int64_t number);
void http_json_put_uint_if(json_t *object, const char *name, bool given, uint64_t number);
void http_json_put_bool(json_t *object, const char *name, bool value);
void http_json_put_take(json_t *object, const char *name, json_t *value);

/* {"items": items, "next": cursor or null}; consumes items. */
json_t *http_json_page_take(json_t *items, const char *next);
