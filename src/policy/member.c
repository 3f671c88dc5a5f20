/* SPDX-License-Identifier: Apache-2.0 */
/* Strict reading of a JSON document with the path of each member. */
#include "policy/member.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"

enum su_status member_fail(const struct member *member, struct su_error *err, const char *fmt, ...)
{
	char text[sizeof(((struct su_error *)0)->text)];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return su_fail(err, SU_INVALID, member->path, "%s", text);
}

static enum su_status need(
	const struct member *member, bool fits, const char *what, struct su_error *err)
{
	if (!member->json)
		return member_fail(member, err, "is missing");
	return fits ? SU_OK : member_fail(member, err, "must be %s", what);
}

static const char *path_of(const struct member *object, const char *name)
{
	return su_arena_printf(
		object->arena, "%s%s%s", object->path, *object->path ? "." : "", name);
}

static bool is_among(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

enum su_status member_object(
	const struct member *member, const char *const *names, struct su_error *err)
{
	SU_TRY(need(member, json_is_object(member->json), "an object", err));
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)member->json, name, value)
	{
		if (is_among(name, names))
			continue;
		const struct member unknown = { member->arena, value, path_of(member, name) };
		return member_fail(&unknown, err, "there is no such member");
	}
	return SU_OK;
}

enum su_status member_list(
	const struct member *member, size_t max, size_t *n_out, struct su_error *err)
{
	SU_TRY(need(member, json_is_array(member->json), "a list", err));
	*n_out = json_array_size(member->json);
	if (*n_out > max)
		return member_fail(
			member, err, "has %zu entries, of which %zu are allowed", *n_out, max);
	return SU_OK;
}

struct member member_get(const struct member *object, const char *name)
{
	return (struct member){ object->arena, json_object_get(object->json, name),
		path_of(object, name) };
}

struct member member_at(const struct member *list, size_t index)
{
	return (struct member){ list->arena, json_array_get(list->json, index),
		su_arena_printf(list->arena, "%s[%zu]", list->path, index) };
}

bool member_is_given(const struct member *member)
{
	return member->json != NULL;
}

enum su_status member_text(
	const struct member *member, size_t max_bytes, const char **out, struct su_error *err)
{
	SU_TRY(need(member, json_is_string(member->json), "a text", err));
	size_t len = json_string_length(member->json);
	if (len == 0 || len > max_bytes)
		return member_fail(member, err, "must have 1 to %zu bytes", max_bytes);
	const char *text = json_string_value(member->json);
	if (!su_utf8_is_showable(su_span_of(text, len)))
		return member_fail(member, err, "must be printable text");
	*out = su_arena_strndup(member->arena, text, len);
	return SU_OK;
}

enum su_status member_name(
	const struct member *member, const struct name_row *table, int *out, struct su_error *err)
{
	SU_TRY(need(member, json_is_string(member->json), "a text", err));
	return name_parse(table, member->path, json_string_value(member->json), out, err);
}

enum su_status member_count(const struct member *member, unsigned min, unsigned max, unsigned *out,
	struct su_error *err)
{
	SU_TRY(need(member, json_is_integer(member->json), "a whole number", err));
	json_int_t value = json_integer_value(member->json);
	if (value < (json_int_t)min || value > (json_int_t)max)
		return member_fail(member, err, "must be from %u to %u", min, max);
	*out = (unsigned)value;
	return SU_OK;
}

enum su_status member_duration(const struct member *member, const struct member_span *bounds,
	int64_t *out, struct su_error *err)
{
	SU_TRY(need(member, json_is_string(member->json), "a duration such as \"PT15M\"", err));
	const char *text = json_string_value(member->json);
	if (bounds->never && !strcmp(text, "never")) {
		*out = bounds->never;
		return SU_OK;
	}
	struct su_error why = { 0 };
	int64_t value;
	if (su_duration_parse(text, &value, &why) != SU_OK)
		return member_fail(
			member, err, "%s%s", why.text, bounds->never ? ", nor \"never\"" : "");
	if (value < bounds->min_ms || value > bounds->max_ms) {
		char least[SU_TIME_TEXT_SIZE], most[SU_TIME_TEXT_SIZE];
		su_duration_format(bounds->min_ms, least);
		su_duration_format(bounds->max_ms, most);
		return member_fail(member, err, "must be from %s to %s", least, most);
	}
	*out = value;
	return SU_OK;
}

enum su_status member_share(const struct member *member, double *out, struct su_error *err)
{
	SU_TRY(need(member, json_is_number(member->json), "a number", err));
	double value = json_number_value(member->json);
	if (!(value > 0 && value <= 1))
		return member_fail(member, err, "must be more than 0 and at most 1");
	*out = value;
	return SU_OK;
}
