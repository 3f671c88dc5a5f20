/* SPDX-License-Identifier: Apache-2.0 */
/* The one table of options: it feeds the parser, --check-config, --print-config and the manual. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/names.h"

enum config_type {
	CONFIG_TEXT,     /* const char *, NULL when empty */
	CONFIG_INTEGER,  /* int64_t */
	CONFIG_SIZE,     /* int64_t bytes; KiB, MiB, GiB may follow the number */
	CONFIG_DURATION, /* int64_t milliseconds; ISO 8601 */
	CONFIG_BOOLEAN,  /* bool; yes or no */
	CONFIG_WORD,     /* int, one of words */
	CONFIG_LIST,     /* struct config_list, parted by blanks */
};

struct config_option {
	const char *section, *key;
	enum config_type type;
	size_t offset;                /* in struct config */
	int64_t min, max;             /* numbers only */
	const char *fallback;         /* the value where the file gives none */
	const char *unit;             /* NULL: none */
	const struct name_row *words; /* CONFIG_WORD only */
	bool may_reload;              /* SIGHUP takes a new value over */
	const char *help;
};

extern const struct config_option config_schema[];
extern const size_t config_schema_len;

/* NULL: no such option. *section_known_out tells whether at least the section exists. */
const struct config_option *config_schema_find(
	const char *section, const char *key, bool *section_known_out);
