/* SPDX-License-Identifier: Apache-2.0 */
/* Brings the schema up to date: sql/NNNN_*.sql, embedded, each applied once, in order, in a transaction. */
#pragma once

#include "store/connection.h"

/* Serialised between processes by an advisory lock. SU_CONFLICT when the database is newer than we are. */
enum su_status migrate_run(
	const char *conninfo, unsigned *applied_out, struct su_error *err) SU_MUST_CHECK;
