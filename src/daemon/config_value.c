/* SPDX-License-Identifier: Apache-2.0 */
/* The types that options have, each with its way in and its way out. */
#include "daemon/config_value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/config.h"

#define BLANKS " \t"

static const struct size_unit {
	const char *name;
	int64_t bytes;
} size_units[] = {
	{ "GiB", 1024LL * 1024 * 1024 },
	{ "MiB", 1024LL * 1024 },
	{ "KiB", 1024LL },
	{ "", 1 },
};
#define N_SIZE_UNITS (sizeof(size_units) / sizeof(size_units[0]))

static enum su_status check_range(
	const struct config_option *option, int64_t value, struct su_error *err)
{
	if (value >= option->min && value <= option->max)
		return SU_OK;
	if (option->type == CONFIG_DURATION) {
		char min[SU_TIME_TEXT_SIZE], max[SU_TIME_TEXT_SIZE];
		su_duration_format(option->min, min);
		su_duration_format(option->max, max);
		return su_fail(err, SU_INVALID, "", "must be from %s to %s", min, max);
	}
	return su_fail(err, SU_INVALID, "", "must be from %" PRId64 " to %" PRId64, option->min,
		option->max);
}

/* A number of decimal digits; *rest_out is what follows. */
static enum su_status parse_number(
	const char *text, int64_t *out, const char **rest_out, struct su_error *err)
{
	char *rest;
	errno = 0;
	*out = strtoll(text, &rest, 10);
	if (text[0] < '0' || text[0] > '9' || errno != 0)
		return su_fail(err, SU_INVALID, "", "\"%.40s\" is not a number", text);
	*rest_out = rest;
	return SU_OK;
}

static enum su_status parse_integer(
	const struct config_option *option, const char *text, int64_t *out, struct su_error *err)
{
	const char *rest;
	SU_TRY(parse_number(text, out, &rest, err));
	if (*rest)
		return su_fail(err, SU_INVALID, "", "\"%.40s\" is not a number", text);
	return check_range(option, *out, err);
}

static enum su_status parse_size(
	const struct config_option *option, const char *text, int64_t *out, struct su_error *err)
{
	const char *rest;
	int64_t number;
	SU_TRY(parse_number(text, &number, &rest, err));
	rest += strspn(rest, BLANKS);
	for (size_t i = 0; i < N_SIZE_UNITS; i++) {
		if (strcmp(rest, size_units[i].name) != 0)
			continue;
		if (__builtin_mul_overflow(number, size_units[i].bytes, out))
			return su_fail(err, SU_INVALID, "", "is too large");
		return check_range(option, *out, err);
	}
	return su_fail(
		err, SU_INVALID, "", "\"%.40s\" is not a size: use bytes, KiB, MiB or GiB", text);
}

static enum su_status parse_duration(
	const struct config_option *option, const char *text, int64_t *out, struct su_error *err)
{
	if (su_duration_parse(text, out, NULL) != SU_OK)
		return su_fail(err, SU_INVALID, "",
			"\"%.40s\" is not an ISO 8601 duration such as PT30S", text);
	return check_range(option, *out, err);
}

static enum su_status parse_boolean(const char *text, bool *out, struct su_error *err)
{
	*out = strcmp(text, "yes") == 0;
	if (!*out && strcmp(text, "no") != 0)
		return su_fail(err, SU_INVALID, "", "must be yes or no, not \"%.40s\"", text);
	return SU_OK;
}

static void parse_list(struct su_arena *arena, const char *text, struct config_list *out)
{
	char *copy = su_arena_strdup(arena, text);
	const char **items = su_arena_array(arena, strlen(text) / 2 + 1, sizeof(*items));
	char *save = NULL;
	out->n = 0;
	out->items = items;
	for (char *item = strtok_r(copy, BLANKS, &save); item; item = strtok_r(NULL, BLANKS, &save))
		items[out->n++] = item;
}

enum su_status config_value_parse(struct su_arena *arena, const struct config_option *option,
	const char *text, void *member, struct su_error *err)
{
	switch (option->type) {
	case CONFIG_TEXT:
		*(const char **)member = *text ? su_arena_strdup(arena, text) : NULL;
		return SU_OK;
	case CONFIG_INTEGER:
		return parse_integer(option, text, member, err);
	case CONFIG_SIZE:
		return parse_size(option, text, member, err);
	case CONFIG_DURATION:
		return parse_duration(option, text, member, err);
	case CONFIG_BOOLEAN:
		return parse_boolean(text, member, err);
	case CONFIG_WORD:
		return name_parse(option->words, option->key, text, member, err);
	case CONFIG_LIST:
		parse_list(arena, text, member);
		return SU_OK;
	}
	return SU_BUG;
}

static void format_size(int64_t bytes, struct su_buf *out)
{
	size_t unit = 0;
	while (bytes % size_units[unit].bytes != 0)
		unit++;
	su_buf_printf(out, "%" PRId64 "%s", bytes / size_units[unit].bytes, size_units[unit].name);
}

static void format_list(const struct config_list *list, struct su_buf *out)
{
	for (size_t i = 0; i < list->n; i++)
		su_buf_printf(out, "%s%s", i ? " " : "", list->items[i]);
}

void config_value_format(const struct config_option *option, const void *member, struct su_buf *out)
{
	char duration[SU_TIME_TEXT_SIZE];
	switch (option->type) {
	case CONFIG_TEXT:
		if (*(const char *const *)member)
			su_buf_printf(out, "%s", *(const char *const *)member);
		break;
	case CONFIG_INTEGER:
		su_buf_printf(out, "%" PRId64, *(const int64_t *)member);
		break;
	case CONFIG_SIZE:
		format_size(*(const int64_t *)member, out);
		break;
	case CONFIG_DURATION:
		su_duration_format(*(const int64_t *)member, duration);
		su_buf_printf(out, "%s", duration);
		break;
	case CONFIG_BOOLEAN:
		su_buf_printf(out, "%s", *(const bool *)member ? "yes" : "no");
		break;
	case CONFIG_WORD:
		su_buf_printf(out, "%s", name_of(option->words, *(const int *)member));
		break;
	case CONFIG_LIST:
		format_list(member, out);
		break;
	}
}
