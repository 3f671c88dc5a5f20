/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of the server, shown to a person or, with --json, to a program. */
#pragma once

#include "tools/api_client.h"

/* A column of a table: a heading and the member it shows ("envelope.size" reaches inside). */
struct show_column {
	const char *heading;
	const char *member;
};

/* Fetches every page of a list and prints a row for each item; columns end with a NULL heading. */
enum su_status show_list(struct cli *cli, const char *path, const struct show_column *columns,
	struct su_error *err) SU_MUST_CHECK;
void show_table(struct su_arena *arena, const json_t *items, const struct show_column *columns);
/* Every page of a list as one: the first page, with the items of all. The caller's reference. */
enum su_status show_fetch(
	struct cli *cli, const char *path, json_t **page_out, struct su_error *err) SU_MUST_CHECK;
/* One object, for the caller to show: the caller's reference. */
enum su_status show_get(
	struct cli *cli, const char *path, json_t **out, struct su_error *err) SU_MUST_CHECK;
/* One request, and its answer printed as "member  value" lines, or as JSON. */
enum su_status show_call(struct cli *cli, const char *method, const char *path, json_t *body_take,
	struct su_error *err) SU_MUST_CHECK;
void show_object(const struct cli *cli, const json_t *object);

/* The --json option that these understand. */
#define SHOW_JSON_OPTION                                                                           \
	{                                                                                          \
		"json", NULL, "print the server's answer as JSON"                                  \
	}
