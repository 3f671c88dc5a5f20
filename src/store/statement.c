/* SPDX-License-Identifier: Apache-2.0 */
/* The table of statements, generated from sql/queries at build time. */
#include "store/statement.h"

#include <assert.h>

struct statement_row {
	const char *name;
	const char *text;
};

static const struct statement_row statements[] = {
#define STATEMENT(id, name_, text_) [STATEMENT_##id] = { .name = (name_), .text = (text_) },
#include "store/statements.inc"
#undef STATEMENT
};

const char *statement_name(enum statement statement)
{
	assert(statement < STATEMENT_COUNT);
	return statements[statement].name;
}

const char *statement_text(enum statement statement)
{
	assert(statement < STATEMENT_COUNT);
	return statements[statement].text;
}
