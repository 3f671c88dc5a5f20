/* SPDX-License-Identifier: Apache-2.0 */
/* jansson in the shape that the handlers need. */
#include "server/http_json.h"

#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"

struct http_json_reader http_json_reader_of(const json_t *object)
{
	return (struct http_json_reader){ .object = object };
}

static void fail(struct http_json_reader *reader, const char *name, const char *expected)
{
	su_fail(&reader->fault, SU_INVALID, name, "%s must be %s", name, expected);
}

static const json_t *find(struct http_json_reader *reader, const char *name)
{
	if (reader->n_known < HTTP_JSON_MAX_MEMBERS)
		reader->known[reader->n_known++] = name;
	const json_t *value = json_object_get(reader->object, name);
	return reader->fault.status != SU_OK || json_is_null(value) ? NULL : value;
}

const char *http_json_read_text(struct http_json_reader *reader, const char *name, size_t max)
{
	const json_t *value = find(reader, name);
	if (!value)
		return NULL;
	size_t len = json_string_length(value);
	const char *text = json_string_value(value);
	if (text && len >= 1 && len <= max && !memchr(text, '\0', len))
		return text;
	su_fail(&reader->fault, SU_INVALID, name, "%s must be a text of 1 to %zu bytes", name, max);
	return NULL;
}

const char *http_json_need_text(struct http_json_reader *reader, const char *name, size_t max)
{
	const char *text = http_json_read_text(reader, name, max);
	if (reader->fault.status != SU_OK)
		return NULL;
	if (!text)
		su_fail(&reader->fault, SU_INVALID, name, "%s is missing", name);
	else if (!su_utf8_is_showable(su_span_str(text)))
		fail(reader, name, "without control characters");
	return text;
}

const json_t *http_json_read_object(struct http_json_reader *reader, const char *name)
{
	const json_t *value = find(reader, name);
	if (value && !json_is_object(value))
		fail(reader, name, "an object");
	return value;
}

int64_t http_json_read_time(struct http_json_reader *reader, const char *name)
{
	const char *text = http_json_read_text(reader, name, SU_TIME_TEXT_SIZE);
	int64_t wall_ms = 0;
	if (text && su_time_parse(text, &wall_ms, NULL) != SU_OK)
		fail(reader, name, "a time such as 2026-11-21T09:00:00Z");
	return wall_ms;
}

int http_json_read_bool(struct http_json_reader *reader, const char *name)
{
	const json_t *value = find(reader, name);
	if (!value)
		return -1;
	if (!json_is_boolean(value))
		fail(reader, name, "true or false");
	return json_is_true(value);
}

size_t http_json_read_uuids(struct http_json_reader *reader, struct su_arena *arena,
	const char *name, const struct su_uuid **out)
{
	const json_t *value = find(reader, name);
	size_t n = json_array_size(value);
	*out = NULL;
	if (!value)
		return 0;
	if (!json_is_array(value) || n > HTTP_JSON_MAX_UUIDS) {
		su_fail(&reader->fault, SU_INVALID, name, "%s must be an array of at most %d UUIDs",
			name, HTTP_JSON_MAX_UUIDS);
		return 0;
	}
	struct su_uuid *ids = su_arena_array(arena, n + 1, sizeof(*ids));
	for (size_t i = 0; i < n; i++) {
		const char *text = json_string_value(json_array_get(value, i));
		if (!text || su_uuid_parse(text, &ids[i], NULL) != SU_OK)
			fail(reader, name, "an array of UUIDs");
	}
	*out = ids;
	return n;
}

static bool is_known(const struct http_json_reader *reader, const char *name)
{
	for (size_t i = 0; i < reader->n_known; i++)
		if (!strcmp(reader->known[i], name))
			return true;
	return false;
}

enum su_status http_json_end(struct http_json_reader *reader, struct su_error *err)
{
	const char *name;
	json_t *value;
	json_t *object = (json_t *)(uintptr_t)reader->object;
	json_object_foreach(object, name, value)
	{
		if (reader->fault.status == SU_OK && !is_known(reader, name))
			su_fail(&reader->fault, SU_INVALID, name, "there is no member %.100s here",
				name);
	}
	if (err)
		*err = reader->fault;
	return reader->fault.status;
}

void http_json_put_take(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value ? value : json_null());
}

void http_json_put_text(json_t *object, const char *name, const char *text)
{
	http_json_put_take(object, name, text ? json_string(text) : NULL);
}

void http_json_put_time(json_t *object, const char *name, int64_t wall_ms)
{
	char text[SU_TIME_TEXT_SIZE];
	su_time_format(wall_ms, text);
	http_json_put_text(object, name, wall_ms ? text : NULL);
}

void http_json_put_digest(json_t *object, const char *name, const struct digest *digest)
{
	char text[DIGEST_TEXT_SIZE];
	digest_format(digest, text);
	http_json_put_text(object, name, digest_is_set(digest) ? text : NULL);
}

static json_t *uuid_json(struct su_uuid id)
{
	char text[SU_UUID_TEXT_SIZE];
	su_uuid_format(id, text);
	return json_string(text);
}

void http_json_put_uuid(json_t *object, const char *name, struct su_uuid id)
{
	http_json_put_take(object, name, uuid_json(id));
}

void http_json_put_uuids(json_t *object, const char *name, const struct su_uuid *ids, size_t n)
{
	json_t *array = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, uuid_json(ids[i]));
	http_json_put_take(object, name, array);
}

void http_json_put_int(json_t *object, const char *name, int64_t number)
{
	http_json_put_take(object, name, json_integer(number));
}

void http_json_put_uint(json_t *object, const char *name, uint64_t number)
{
	http_json_put_take(
		object, name, number > INT64_MAX ? NULL : json_integer((json_int_t)number));
}

void http_json_put_int_if(json_t *object, const char *name, bool given, int64_t number)
{
	http_json_put_take(object, name, given ? json_integer(number) : NULL);
}

void http_json_put_uint_if(json_t *object, const char *name, bool given, uint64_t number)
{
	if (given)
		http_json_put_uint(object, name, number);
	else
		http_json_put_take(object, name, NULL);
}

void http_json_put_bool(json_t *object, const char *name, bool value)
{
	http_json_put_take(object, name, json_boolean(value));
}

json_t *http_json_page_take(json_t *items, const char *next)
{
	json_t *page = json_object();
	http_json_put_take(page, "items", items);
	http_json_put_text(page, "next", next);
	return page;
}
