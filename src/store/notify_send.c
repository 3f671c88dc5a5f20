/* SPDX-License-Identifier: Apache-2.0 */
/* Packs notifications; pg_notify delivers them at commit, and drops repetitions. */
#include "store/notify_send.h"

#include <string.h>

#include "base/memory.h"
#include "store/txn_query.h"

const struct name_row notify_topic_names[] = {
	{ NOTIFY_DEVICE, "device" },
	{ NOTIFY_RELEASE, "release" },
	{ NOTIFY_PATH, "path" },
	{ NOTIFY_CREDENTIAL, "credential" },
	{ NOTIFY_TOKEN, "token" },
	{ NOTIFY_POLICY, "policy" },
	{ 0, NULL },
};

void notify_send(struct txn *txn, enum notify_topic topic, const char *item)
{
	notify_send_all(txn, topic, NOTIFY_NO_ORIGIN, &item, 1);
}

static void begin_payload(struct su_buf *payload, enum notify_topic topic, const char *origin)
{
	su_buf_clear(payload);
	su_buf_printf(payload, "%s %s ", name_of(notify_topic_names, (int)topic), origin);
}

void notify_send_pack(enum notify_topic topic, const char *origin, const char *const *items,
	size_t n, struct sql_array *payloads)
{
	struct su_buf payload su_auto(su_buf_free) = { 0 };
	if (n == 0)
		return;
	begin_payload(&payload, topic, origin);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && payload.len + strlen(items[i]) + 1 > NOTIFY_MAX_PAYLOAD) {
			sql_array_add_text(payloads, su_buf_str(&payload));
			begin_payload(&payload, topic, origin);
		} else if (i > 0) {
			su_buf_append_byte(&payload, '\n');
		}
		su_buf_append_span(&payload, su_span_str(items[i]));
	}
	sql_array_add_text(payloads, su_buf_str(&payload));
}

void notify_send_all(struct txn *txn, enum notify_topic topic, const char *origin,
	const char *const *items, size_t n)
{
	struct sql_array payloads su_auto(sql_array_free) = sql_array_of(SQL_TEXTS);
	notify_send_pack(topic, origin, items, n, &payloads);
	if (payloads.n == 0)
		return;
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_NOTIFY_SEND, sql_list(&payloads));
}
