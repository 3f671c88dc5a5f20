/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and objects on standard output. */
#include "tools/show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "tools/api_pages.h"
#include "tools/wording.h"

#define SHOW_MAX_COLUMNS 12
#define SHOW_NAME_WIDTH  24
#define SHOW_INDENT      2

static const json_t *reach(const json_t *object, const char *member)
{
	const char *dot = strchr(member, '.');
	if (dot == NULL)
		return json_object_get(object, member);
	char head[64];
	snprintf(head, sizeof(head), "%.*s", (int)(dot - member), member);
	return reach(json_object_get(object, head), dot + 1);
}

/* A value in one line: texts bare, several of them with commas, absent ones as "-", the rest as JSON. */
static const char *in_words(struct su_arena *arena, const json_t *value)
{
	if (value == NULL || json_is_null(value) ||
		(json_is_array(value) && json_array_size(value) == 0))
		return "-";
	if (json_is_string(value))
		return json_string_value(value);
	if (json_is_string(json_array_get(value, 0))) {
		const char *list = json_string_value(json_array_get(value, 0));
		for (size_t i = 1; i < json_array_size(value); i++)
			list = su_arena_printf(
				arena, "%s,%s", list, json_string_value(json_array_get(value, i)));
		return list;
	}
	char *text su_auto(su_free_ptr) = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	return su_arena_strdup(arena, text);
}

static size_t print_width(const char *text)
{
	size_t width = 0;
	for (; *text != '\0'; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static void print_cell(const char *text, size_t width, bool last)
{
	printf("%s%*s", text, last ? 0 : (int)(width - print_width(text)) + 2, "");
}

void show_table(struct su_arena *arena, const json_t *items, const struct show_column *columns)
{
	size_t widths[SHOW_MAX_COLUMNS] = { 0 }, n = 0, row;
	json_t *item;
	for (; columns[n].heading != NULL; n++)
		widths[n] = print_width(columns[n].heading);
	json_array_foreach((json_t *)items, row, item)
	{
		for (size_t i = 0; i < n; i++) {
			size_t width = print_width(in_words(arena, reach(item, columns[i].member)));
			widths[i] = width > widths[i] ? width : widths[i];
		}
	}
	for (size_t i = 0; i < n; i++)
		print_cell(columns[i].heading, widths[i], i + 1 == n);
	putchar('\n');
	json_array_foreach((json_t *)items, row, item)
	{
		for (size_t i = 0; i < n; i++)
			print_cell(in_words(arena, reach(item, columns[i].member)), widths[i],
				i + 1 == n);
		putchar('\n');
	}
}

static void print_json(const json_t *value)
{
	json_dumpf(value, stdout, JSON_INDENT(2));
	putchar('\n');
}

static enum su_status keep_page(void *arg, json_t *page, struct su_error *err)
{
	json_t **first = arg;
	(void)err;
	if (*first == NULL)
		*first = json_incref(page);
	else
		json_array_extend(json_object_get(*first, "items"), json_object_get(page, "items"));
	return SU_OK;
}

enum su_status show_fetch(
	struct cli *cli, const char *path, json_t **page_out, struct su_error *err)
{
	json_t *first = NULL;
	enum su_status status = api_pages_each(cli, path, keep_page, &first, err);
	if (status == SU_OK)
		*page_out = first;
	else
		json_decref(first);
	return status;
}

enum su_status show_list(
	struct cli *cli, const char *path, const struct show_column *columns, struct su_error *err)
{
	json_t *page = NULL;
	SU_TRY(show_fetch(cli, path, &page, err));
	const json_t *items = json_object_get(page, "items");
	if (cli_flag(cli, "json"))
		print_json(items);
	else
		show_table(cli->arena, items, columns);
	json_decref(page);
	return SU_OK;
}

static void print_members(struct su_arena *arena, const json_t *object, int indent);

static bool is_nested(const json_t *value)
{
	return (json_is_object(value) && json_object_size(value) > 0) ||
	       (json_is_array(value) && json_array_size(value) > 0);
}

/* NOLINTNEXTLINE(misc-no-recursion): the JSON parser bounds the depth */
static void print_items(struct su_arena *arena, const json_t *list, int indent)
{
	size_t i;
	json_t *item;
	json_array_foreach((json_t *)list, i, item)
	{
		if (json_is_object(item)) {
			printf("%*s- %zu\n", indent, "", i + 1);
			print_members(arena, item, indent + SHOW_INDENT);
		} else {
			printf("%*s%s\n", indent, "", in_words(arena, item));
		}
	}
}

static bool is_seconds(const char *name)
{
	size_t length = strlen(name);
	return !strcmp(name, "lifetime") || (length > 2 && !strcmp(name + length - 2, "_s"));
}

/* Times and spans of time as people say them. */
static const char *member_in_words(struct su_arena *arena, const char *name, const json_t *value)
{
	int64_t at_ms;
	if (json_is_string(value) && su_time_parse(json_string_value(value), &at_ms, NULL) == SU_OK)
		return wording_time(arena, value, su_clock_wall_ms());
	if (json_is_integer(value) && is_seconds(name))
		return wording_span(arena, json_integer_value(value) * 1000);
	return in_words(arena, value);
}

/* What has parts stands below its name, indented; the rest beside it. */
/* NOLINTNEXTLINE(misc-no-recursion): the JSON parser bounds the depth */
static void print_members(struct su_arena *arena, const json_t *object, int indent)
{
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)object, name, value)
	{
		if (!is_nested(value)) {
			printf("%*s%-*s %s\n", indent, "", SHOW_NAME_WIDTH - indent, name,
				json_is_object(value) || json_is_array(value)
					? "-"
					: member_in_words(arena, name, value));
			continue;
		}
		printf("%*s%s\n", indent, "", name);
		if (json_is_object(value))
			print_members(arena, value, indent + SHOW_INDENT);
		else
			print_items(arena, value, indent + SHOW_INDENT);
	}
}

enum su_status show_get(struct cli *cli, const char *path, json_t **out, struct su_error *err)
{
	struct api_client *client su_auto(api_client_free) = NULL;
	SU_TRY(api_client_new(cli, &client, err));
	return api_call(client, "GET", path, NULL, out, err);
}

void show_object(const struct cli *cli, const json_t *object)
{
	if (cli_flag(cli, "json"))
		print_json(object);
	else
		print_members(cli->arena, object, 0);
}

enum su_status show_call(struct cli *cli, const char *method, const char *path, json_t *body_take,
	struct su_error *err)
{
	struct api_client *client su_auto(api_client_free) = NULL;
	enum su_status status = api_client_new(cli, &client, err);
	if (status != SU_OK) {
		json_decref(body_take);
		return status;
	}
	json_t *reply = NULL;
	SU_TRY(api_call(client, method, path, body_take, &reply, err));
	if (reply != NULL)
		show_object(cli, reply);
	json_decref(reply);
	return SU_OK;
}
