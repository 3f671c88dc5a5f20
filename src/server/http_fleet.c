/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/fleet/summary: the counters, "deployments.confirmed" as a member within deployments. */
#include <string.h>

#include "model/deployment.h"
#include "server/http_handlers.h"
#include "server/http_json.h"
#include "store/counter_store.h"

/* The object for a group of counters, made when it is not there. */
static json_t *group_of(json_t *summary, const char *name, size_t len, struct su_arena *arena)
{
	const char *key = su_arena_strndup(arena, name, len);
	json_t *group = json_object_get(summary, key);
	if (!json_is_object(group)) {
		group = json_object();
		json_object_set_new(summary, key, group);
	}
	return group;
}

static json_t *empty_summary(void)
{
	json_t *summary = json_object();
	json_t *deployments = json_object();
	http_json_put_int(summary, "devices", 0);
	for (const struct name_row *row = deployment_state_names; row->name; row++)
		http_json_put_int(deployments, row->name, 0);
	http_json_put_take(summary, "deployments", deployments);
	return summary;
}

enum su_status http_fleet_summary(struct http_call *call, struct su_error *err)
{
	struct counter *counters;
	struct txn txn = txn_begin(call->conn);
	size_t n = counter_store_list(&txn, call->arena, &counters);
	SU_TRY(txn_commit(&txn, err));
	json_t *summary = empty_summary();
	for (size_t i = 0; i < n; i++) {
		const char *name = counters[i].name;
		const char *dot = strchr(name, '.');
		json_t *at =
			dot ? group_of(summary, name, (size_t)(dot - name), call->arena) : summary;
		http_json_put_int(at, dot ? dot + 1 : name, counters[i].value);
	}
	http_reply_json_take(call, 200, summary);
	return SU_OK;
}
