/* SPDX-License-Identifier: Apache-2.0 */
/* Follows the cursors. */
#include "tools/api_pages.h"

#include <string.h>

#include "base/memory.h"

#define PAGE_ITEMS 1000

/* *cursor: of this page, NULL for the first; then of the following one, or NULL. */
static enum su_status fetch_page(struct cli *cli, struct api_client *client, const char *path,
	const char **cursor, json_t **page_out, struct su_error *err)
{
	/* The first page without parameters: short lists know none. */
	const char *paged = *cursor == NULL ? path
					    : su_arena_printf(cli->arena, "%s%climit=%d&cursor=%s",
						      path, strchr(path, '?') ? '&' : '?',
						      PAGE_ITEMS, api_segment(cli->arena, *cursor));
	SU_TRY(api_call(client, "GET", paged, NULL, page_out, err));
	*cursor =
		su_arena_strdup(cli->arena, json_string_value(json_object_get(*page_out, "next")));
	return SU_OK;
}

enum su_status api_pages_each(
	struct cli *cli, const char *path, api_page_fn on_page, void *arg, struct su_error *err)
{
	struct api_client *client su_auto(api_client_free) = NULL;
	SU_TRY(api_client_new(cli, &client, err));
	const char *cursor = NULL;
	do {
		json_t *page = NULL;
		enum su_status status = fetch_page(cli, client, path, &cursor, &page, err);
		if (status == SU_OK)
			status = on_page(arg, page, err);
		json_decref(page);
		if (status != SU_OK)
			return status;
	} while (cursor != NULL);
	return SU_OK;
}
