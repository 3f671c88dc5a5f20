/* SPDX-License-Identifier: Apache-2.0 */
/* The sending side of notify.h: what a transaction changed is told when it commits. */
#pragma once

#include "model/names.h"
#include "store/notify.h"
#include "store/sql_array.h"
#include "store/txn.h"

/* A notification as it travels: "<topic> <origin> <item>\n<item>...". */
#define NOTIFY_MAX_PAYLOAD 7900 /* PostgreSQL allows less than 8000 bytes */
#define NOTIFY_NO_ORIGIN   "-"

extern const struct name_row notify_topic_names[];

void notify_send(struct txn *txn, enum notify_topic topic, const char *item);
/* Many items in as few notifications as they fit in. origin: see committer_origin. */
void notify_send_all(struct txn *txn, enum notify_topic topic, const char *origin,
	const char *const *items, size_t n);
/* The same as arguments of the statement notify_send. */
void notify_send_pack(enum notify_topic topic, const char *origin, const char *const *items,
	size_t n, struct sql_array *payloads);
