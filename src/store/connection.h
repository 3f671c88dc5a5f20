/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One PostgreSQL connection, used by one thread. Reconnects by itself; every statement of
 * sql/queries is prepared anew on each new connection.
 */
#pragma once

#include "base/status.h"

struct store_conn;

struct store_conn *store_conn_new(const char *conninfo); /* does not connect yet */
void store_conn_free(struct store_conn **conn);
/* Connects and prepares when needed. SU_RETRY while the database is away. */
enum su_status store_conn_ready(struct store_conn *conn, struct su_error *err) SU_MUST_CHECK;
