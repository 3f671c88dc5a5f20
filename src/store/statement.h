/* SPDX-License-Identifier: Apache-2.0 */
/* Every SQL statement, by name: STATEMENT_DEVICE_GET is "-- name: device_get" in sql/queries. */
#pragma once

enum statement {
#define STATEMENT(id, name, text) STATEMENT_##id,
#include "store/statements.inc"
#undef STATEMENT
	STATEMENT_COUNT
};

const char *statement_name(enum statement statement);
const char *statement_text(enum statement statement);
