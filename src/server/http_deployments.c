/* SPDX-License-Identifier: Apache-2.0 */
/* Deployments: those of a device, one by its identifier, and their histories. */
#include "server/http_handlers.h"
#include "server/http_json.h"
#include "server/http_values.h"
#include "server/http_views.h"
#include "store/deployment_store.h"
#include "store/device_store.h"
#include "tracker/management.h"

/* A page of a device's deployments, as the query asks for it. */
struct page {
	size_t limit, n;
	struct deployment *deployments;
	const char *next; /* NULL: this is the last page */
};

static enum su_status load_page(
	struct http_call *call, struct txn *txn, struct page *page, struct su_error *err)
{
	const char *cursor = http_call_query(call, "cursor");
	struct device device;
	struct su_uuid before;
	SU_TRY(http_call_limit(call, &page->limit, err));
	if (cursor && su_uuid_parse(cursor, &before, NULL) != SU_OK)
		return su_fail(err, SU_INVALID, "cursor", "this cursor is not one of ours");
	*txn = txn_begin(call->conn);
	if (!device_store_get(txn, call->arena, call->values[0], &device)) {
		txn_fail(txn, SU_NOT_FOUND, "endpoint", "there is no such device");
		return SU_OK;
	}
	page->n = deployment_store_list(txn, call->arena, device.id, cursor ? &before : NULL,
		page->limit + 1, &page->deployments);
	if (page->n <= page->limit)
		return SU_OK;
	page->n = page->limit;
	char *next = su_arena_alloc(call->arena, SU_UUID_TEXT_SIZE);
	su_uuid_format(page->deployments[page->n - 1].id, next);
	page->next = next;
	return SU_OK;
}

static void append_history(json_t *items, const struct deployment *deployment,
	const struct deployment_history *steps, size_t n)
{
	for (size_t i = n; i > 0; i--)
		json_array_append_new(items, http_view_history(deployment, &steps[i - 1]));
}

enum su_status http_deployments_list(struct http_call *call, struct su_error *err)
{
	struct page page = { 0 };
	struct txn txn;
	SU_TRY(load_page(call, &txn, &page, err));
	SU_TRY(txn_commit(&txn, err));
	json_t *items = json_array();
	for (size_t i = 0; i < page.n; i++)
		json_array_append_new(
			items, http_view_deployment(&page.deployments[i], call->values[0]));
	http_reply_json_take(call, 200, http_json_page_take(items, page.next));
	return SU_OK;
}

/* A page holds the whole histories of at most limit deployments. */
enum su_status http_deployments_device_history(struct http_call *call, struct su_error *err)
{
	struct page page = { 0 };
	struct txn txn;
	SU_TRY(load_page(call, &txn, &page, err));
	json_t *items = json_array();
	for (size_t i = 0; i < page.n; i++) {
		struct deployment_history *steps;
		size_t n =
			deployment_store_history(&txn, call->arena, page.deployments[i].id, &steps);
		append_history(items, &page.deployments[i], steps, n);
	}
	enum su_status status = txn_commit(&txn, err);
	if (status != SU_OK) {
		json_decref(items);
		return status;
	}
	http_reply_json_take(call, 200, http_json_page_take(items, page.next));
	return SU_OK;
}

/* Fails in txn when there is no such deployment. */
static void load_one(struct http_call *call, struct txn *txn, struct su_uuid id,
	struct deployment *out, const char **endpoint_out)
{
	if (!deployment_store_get(txn, call->arena, id, out)) {
		txn_fail(txn, SU_NOT_FOUND, "id", "there is no such deployment");
		return;
	}
	*endpoint_out = device_store_endpoint(txn, call->arena, out->device_id);
}

static void reply_deployment(struct http_call *call, unsigned status,
	const struct deployment *deployment, const char *endpoint)
{
	http_reply_row_version(call, deployment->row_version);
	http_reply_json_take(call, status, http_view_deployment(deployment, endpoint));
}

enum su_status http_deployments_get(struct http_call *call, struct su_error *err)
{
	struct deployment deployment;
	const char *endpoint = NULL;
	struct su_uuid id;
	SU_TRY(http_value_uuid(call, &id, err));
	struct txn txn = txn_begin(call->conn);
	load_one(call, &txn, id, &deployment, &endpoint);
	SU_TRY(txn_commit(&txn, err));
	reply_deployment(call, 200, &deployment, endpoint);
	return SU_OK;
}

enum su_status http_deployments_history(struct http_call *call, struct su_error *err)
{
	struct deployment_history *steps = NULL;
	struct deployment deployment;
	const char *endpoint;
	struct su_uuid id;
	SU_TRY(http_value_uuid(call, &id, err));
	struct txn txn = txn_begin(call->conn);
	load_one(call, &txn, id, &deployment, &endpoint);
	size_t n = deployment_store_history(&txn, call->arena, id, &steps);
	SU_TRY(txn_commit(&txn, err));
	json_t *items = json_array();
	append_history(items, &deployment, steps, n);
	http_reply_json_take(call, 200, http_json_page_take(items, NULL));
	return SU_OK;
}

enum su_status http_deployments_create(struct http_call *call, struct su_error *err)
{
	const struct command_origin origin = { call->actor->name, call->now_ms };
	struct http_json_reader reader = http_json_reader_of(call->json);
	const char *text = http_json_need_text(&reader, "release", DIGEST_TEXT_SIZE);
	struct deployment deployment;
	struct digest release;
	SU_TRY(http_json_end(&reader, err));
	if (digest_parse(text, &release, err) != SU_OK) {
		su_error_within(err, "release");
		return SU_INVALID;
	}
	SU_TRY(management_deploy(call->conn, call->env->blobs, call->arena, call->values[0],
		&release, &origin, &deployment, err));
	call->device_changed = call->values[0];
	reply_deployment(call, 201, &deployment, call->values[0]);
	return SU_OK;
}

enum su_status http_deployments_cancel(struct http_call *call, struct su_error *err)
{
	const struct command_origin origin = { call->actor->name, call->now_ms };
	struct http_json_reader reader = http_json_reader_of(call->json);
	struct deployment deployment;
	const char *endpoint = NULL;
	struct su_uuid id;
	SU_TRY(http_value_uuid(call, &id, err));
	SU_TRY(http_json_end(&reader, err));
	SU_TRY(management_cancel(call->conn, call->arena, id, &origin, &deployment, err));
	struct txn txn = txn_begin(call->conn);
	endpoint = device_store_endpoint(&txn, call->arena, deployment.device_id);
	SU_TRY(txn_commit(&txn, err));
	call->device_changed = endpoint;
	reply_deployment(call, 200, &deployment, endpoint);
	return SU_OK;
}
