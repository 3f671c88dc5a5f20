/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/devices: what the status tracker knows. */
#include "server/http_handlers.h"
#include "server/http_json.h"
#include "server/http_values.h"
#include "server/http_views.h"
#include "store/deployment_store.h"
#include "store/device_store.h"

static json_t *view_with_deployment(
	struct http_call *call, struct txn *txn, const struct device *device)
{
	struct deployment active;
	bool is_active = deployment_store_active(txn, call->arena, device->id, &active);
	return http_view_device(call->arena, device, is_active ? &active : NULL, call->now_ms);
}

enum su_status http_devices_list(struct http_call *call, struct su_error *err)
{
	struct device *devices;
	size_t limit;
	struct device_query query = { .after = http_call_query(call, "cursor"),
		.now_ms = call->now_ms };
	const char *filter = http_call_query(call, "filter");
	SU_TRY(http_call_limit(call, &limit, err));
	query.limit = limit + 1;
	if (filter)
		SU_TRY(expression_parse(
			call->arena, "filter", filter, EXPRESSION_DEVICES, &query.filter, err));
	json_t *items = json_array();
	struct txn txn = txn_begin(call->conn);
	size_t n = device_store_list(&txn, call->arena, &query, &devices);
	for (size_t i = 0; i < n && i < limit; i++)
		json_array_append_new(items, view_with_deployment(call, &txn, &devices[i]));
	enum su_status status = txn_commit(&txn, err);
	if (status != SU_OK) {
		json_decref(items);
		return status;
	}
	http_reply_json_take(call, 200,
		http_json_page_take(items, n > limit ? devices[limit - 1].endpoint : NULL));
	return SU_OK;
}

static enum su_status unknown_device(struct su_error *err)
{
	return su_fail(err, SU_NOT_FOUND, "endpoint", "there is no such device");
}

enum su_status http_devices_get(struct http_call *call, struct su_error *err)
{
	struct device device;
	json_t *view = NULL;
	struct txn txn = txn_begin(call->conn);
	if (device_store_get(&txn, call->arena, call->values[0], &device))
		view = view_with_deployment(call, &txn, &device);
	enum su_status status = txn_commit(&txn, err);
	if (status != SU_OK) {
		json_decref(view);
		return status;
	}
	if (!view)
		return unknown_device(err);
	http_reply_row_version(call, device.row_version);
	http_reply_json_take(call, 200, view);
	return SU_OK;
}
