/* SPDX-License-Identifier: Apache-2.0 */
/* Enumerations and their lower-case words, as they stand in JSON, CBOR, SQL and logs. */
#pragma once

#include <stddef.h>

#include "base/status.h"

/* A row per value; ends with a NULL name. */
struct name_row {
	int value;
	const char *name;
};

/* The name of value, or NULL. */
const char *name_of(const struct name_row *table, int value);
/* SU_INVALID names the accepted words in err. */
enum su_status name_parse(const struct name_row *table, const char *what, const char *text,
	int *value_out, struct su_error *err) SU_MUST_CHECK;
