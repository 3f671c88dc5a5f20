/* SPDX-License-Identifier: Apache-2.0 */
/* /healthz: the loop turns. /readyz: the database answers and takes writes, and devices are served; and what is wrong all the same. */
#include "server/device_front.h"
#include "server/http_handlers.h"
#include "server/http_hold.h"
#include "server/http_json.h"
#include "store/blob.h"
#include "store/counter_store.h"

static void reply_status(struct http_call *call, const char *status)
{
	json_t *view = json_object();
	http_json_put_text(view, "status", status);
	http_reply_json_take(call, 200, view);
}

void http_health_alive(struct http_call *call)
{
	reply_status(call, "alive");
	http_hold_finish(call);
}

/* Devices are served without room for images, too; but who watches shall know. */
static void reply_ready(struct http_call *call)
{
	struct su_error full;
	json_t *view = json_object();
	http_json_put_text(view, "status", "ready");
	if (blob_store_check_room(call->env->blobs, &full) != SU_OK)
		http_json_put_text(view, "problem", full.text);
	http_reply_json_take(call, 200, view);
}

enum su_status http_health_ready(struct http_call *call, struct su_error *err)
{
	struct counter *counters;
	const struct device_front *devices = call->env->devices;
	if (devices && !device_front_is_ready(devices))
		return su_fail(err, SU_RETRY, "", "starting: credentials are being loaded");
	if (devices && !tracker_takes_writes(device_front_tracker(devices)))
		return su_fail(err, SU_RETRY, "", "the database takes no writes");
	struct txn txn = txn_begin(call->conn);
	counter_store_list(&txn, call->arena, &counters);
	SU_TRY(txn_commit(&txn, err));
	if (store_conn_read_only(call->conn))
		return su_fail(err, SU_RETRY, "", "the database is read-only");
	reply_ready(call);
	return SU_OK;
}
