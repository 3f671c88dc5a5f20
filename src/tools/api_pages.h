/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of the management interface, page after page. */
#pragma once

#include "tools/api_client.h"

/* page is borrowed for the call. A status other than SU_OK ends the list. */
typedef enum su_status (*api_page_fn)(void *arg, json_t *page, struct su_error *err);

/* Each page of the list at path, in its order; at least one. */
enum su_status api_pages_each(struct cli *cli, const char *path, api_page_fn on_page, void *arg,
	struct su_error *err) SU_MUST_CHECK;
