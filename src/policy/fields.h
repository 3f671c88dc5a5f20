/* SPDX-License-Identifier: Apache-2.0 */
/* What expressions can ask about: one table of names and types, and where each value is found. */
#pragma once

#include "model/device.h"
#include "model/release.h"
#include "model/urgency.h"

/* Everything a decision about one device and one release may look at. Borrowed. */
struct facts {
	int64_t now_ms;
	const struct device *device;
	const struct release *release; /* NULL for device selectors */
	/* Summed up by facts_sum_up. */
	uint64_t download_bytes; /* of all images that are fetched; 0: unknown */
	bool has_installed_age;  /* since what runs in the release's components was published */
	int64_t installed_age_ms;
};
/* published_ms: when the release that the device runs was published; 0: not known to this server. */
void facts_sum_up(struct facts *facts, int64_t installed_published_ms);

enum field_type {
	FIELD_BOOL,
	FIELD_INT,
	FIELD_DOUBLE,
	FIELD_TEXT,
	FIELD_TIME,
	FIELD_DURATION,
	FIELD_TEXT_LIST
};

struct field_value {
	enum field_type type;
	bool known; /* false: this device or release does not have it */
	bool boolean;
	int64_t integer; /* also times and durations, in milliseconds */
	double real;
	const char *text;
	size_t n_texts;
	const char *const *texts;
};

struct field {
	const char *name; /* "device.model" */
	enum field_type type;
	const char *help; /* one line, for docs and errors */
	/* Over table device as d, same type (times and durations: ms bigint); NULL: not for
	 * selectors; FIELDS_SQL_NOW: the parameter that carries the time. */
	const char *sql;
	/* out comes with its type, unknown. */
	void (*read)(const struct facts *facts, struct su_arena *arena, struct field_value *out);
	const struct name_row *words; /* all that it can be; NULL: any text */
	bool is_uuid;                 /* texts that are UUIDs in their canonical form */
};
#define FIELDS_SQL_NOW "now"
/* Ends with a NULL name. */
extern const struct field fields[];
const struct field *fields_find(const char *name);
/* The field that was probably meant; NULL: none is near. */
const struct field *fields_find_near(const char *name);
struct field_value fields_read(
	const struct field *field, const struct facts *facts, struct su_arena *arena);

/* "a text", "a number", ... */
const char *fields_type_name(enum field_type type);
/* 'text', 17, 2026-11-21T09:00:00Z, PT4H, ['a', 'b']; "unknown". */
const char *fields_format_value(struct su_arena *arena, const struct field_value *value);
