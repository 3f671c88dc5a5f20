/* SPDX-License-Identifier: Apache-2.0 */
/* Look-up in the tables of names, both ways. */
#include "model/names.h"

#include <stdio.h>
#include <string.h>

const char *name_of(const struct name_row *table, int value)
{
	for (; table->name; table++)
		if (table->value == value)
			return table->name;
	return NULL;
}

enum su_status name_parse(const struct name_row *table, const char *what, const char *text,
	int *value_out, struct su_error *err)
{
	char accepted[200] = "";
	size_t len = 0;
	for (const struct name_row *row = table; row->name; row++) {
		if (text && strcmp(row->name, text) == 0) {
			*value_out = row->value;
			return SU_OK;
		}
		if (len < sizeof(accepted))
			len += (size_t)snprintf(accepted + len, sizeof(accepted) - len, "%s%s",
				len ? ", " : "", row->name);
	}
	return su_fail(err, SU_INVALID, what, "must be one of %s", accepted);
}
