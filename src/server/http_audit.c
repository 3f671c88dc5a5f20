/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/audit: who did what over the management interface. */
#include <inttypes.h>

#include "server/http_handlers.h"
#include "server/http_json.h"
#include "server/http_views.h"
#include "store/audit_store.h"

enum su_status http_audit_list(struct http_call *call, struct su_error *err)
{
	struct audit_entry *entries;
	int64_t before = 0;
	size_t limit;
	SU_TRY(http_call_limit(call, &limit, err));
	SU_TRY(http_call_number(call, "cursor", &before, err));
	struct txn txn = txn_begin(call->conn);
	size_t n = audit_store_list(&txn, call->arena, before, limit + 1, &entries);
	SU_TRY(txn_commit(&txn, err));
	json_t *items = json_array();
	for (size_t i = 0; i < n && i < limit; i++)
		json_array_append_new(items, http_view_audit(&entries[i]));
	const char *next =
		n > limit ? su_arena_printf(call->arena, "%" PRId64, entries[limit - 1].id) : NULL;
	http_reply_json_take(call, 200, http_json_page_take(items, next));
	return SU_OK;
}
