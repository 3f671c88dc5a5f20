/* SPDX-License-Identifier: Apache-2.0 */
/* Fields and their values as people read them: names of types, values, the name that was meant. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "policy/fields.h"

#define MAX_NAME_BYTES 64

const char *fields_type_name(enum field_type type)
{
	static const char *const names[] = {
		[FIELD_BOOL] = "a truth value",
		[FIELD_INT] = "an integer",
		[FIELD_DOUBLE] = "a number",
		[FIELD_TEXT] = "a text",
		[FIELD_TIME] = "a time",
		[FIELD_DURATION] = "a duration",
		[FIELD_TEXT_LIST] = "a list of texts",
	};
	return names[type];
}

/* 'text' with what would end it escaped. */
static void put_quoted(struct su_buf *out, const char *text)
{
	su_buf_append_byte(out, '\'');
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			su_buf_append_byte(out, '\\');
		su_buf_append_byte(out, (uint8_t)*text);
	}
	su_buf_append_byte(out, '\'');
}

static void put_list(struct su_buf *out, const struct field_value *value)
{
	su_buf_append_byte(out, '[');
	for (size_t i = 0; i < value->n_texts; i++) {
		if (i > 0)
			su_buf_printf(out, ", ");
		put_quoted(out, value->texts[i]);
	}
	su_buf_append_byte(out, ']');
}

static void put_value(struct su_buf *out, const struct field_value *value)
{
	char text[SU_TIME_TEXT_SIZE];
	switch (value->type) {
	case FIELD_BOOL:
		su_buf_printf(out, "%s", value->boolean ? "true" : "false");
		break;
	case FIELD_INT:
		su_buf_printf(out, "%" PRId64, value->integer);
		break;
	case FIELD_DOUBLE:
		su_buf_printf(out, "%.15g", value->real);
		break;
	case FIELD_TEXT:
		put_quoted(out, value->text);
		break;
	case FIELD_TIME:
		su_time_format(value->integer, text);
		su_buf_printf(out, "%s", text);
		break;
	case FIELD_DURATION:
		su_duration_format(value->integer, text);
		su_buf_printf(out, "%s", text);
		break;
	case FIELD_TEXT_LIST:
		put_list(out, value);
		break;
	}
}

const char *fields_format_value(struct su_arena *arena, const struct field_value *value)
{
	struct su_buf out = { 0 };
	if (!value->known)
		return "unknown";
	put_value(&out, value);
	const char *text = su_arena_strdup(arena, su_buf_str(&out));
	su_buf_free(&out);
	return text;
}

static size_t min_of(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many letters must be put in, left out, changed or swapped. b has at most MAX_NAME_BYTES. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t rows[3][MAX_NAME_BYTES + 1]; /* of this letter of a and the two before */
	size_t len = strlen(b);
	size_t i = 0;
	for (size_t k = 0; k <= len; k++)
		rows[0][k] = k;
	while (a[i]) {
		i++;
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i - 1) % 3];
		row[0] = i;
		for (size_t k = 1; k <= len; k++) {
			size_t changed = above[k - 1] + (a[i - 1] != b[k - 1]);
			row[k] = min_of(changed, min_of(above[k], row[k - 1]) + 1);
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
				row[k] = min_of(row[k], rows[(i - 2) % 3][k - 2] + 1);
		}
	}
	return rows[i % 3][len];
}

/* "model" and "devices.model" mean device.model. */
static const char *last_part(const char *name)
{
	const char *dot = strrchr(name, '.');
	return dot ? dot + 1 : name;
}

const struct field *fields_find_near(const char *name)
{
	const struct field *nearest = NULL;
	size_t least = SIZE_MAX;
	if (strlen(name) > MAX_NAME_BYTES)
		return NULL;
	for (const struct field *field = fields; field->name; field++) {
		size_t distance = edit_distance(name, field->name);
		if (strcmp(last_part(name), last_part(field->name)) == 0)
			distance = min_of(distance, 1);
		if (distance < least) {
			least = distance;
			nearest = field;
		}
	}
	return least <= 1 + strlen(name) / 5 ? nearest : NULL;
}
