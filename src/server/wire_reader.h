/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads one value after the other from CBOR with integer keys or from its JSON twin with words, so
 * that a message is described once. Every function checks type and bounds; err->field is the path
 * in words ("characteristics.components[2].digest"), whichever format it was.
 */
#pragma once

#include <jansson.h>

#include "base/arena.h"
#include "base/uuid.h"
#include "model/component.h"
#include "model/names.h"
#include "suit/cbor.h"

enum wire_format { WIRE_CBOR, WIRE_JSON };

struct wire {
	enum wire_format format;
	struct su_arena *arena;     /* texts and identifiers are copied here */
	struct cbor cbor;           /* WIRE_CBOR: stands before the value to be read */
	const struct json_t *value; /* WIRE_JSON: the value to be read */
};

/* Reads the value at hand into out. */
typedef enum su_status (*wire_read_fn)(struct wire *wire, void *out, struct su_error *err);

/* A row per key; ends with read NULL. */
struct wire_field {
	int key;
	wire_read_fn read;
};

struct wire_map {
	const struct name_row *keys; /* each key of fields has its word here */
	const struct wire_field *fields;
	int required_key; /* 0: all are optional */
};

/* Reads body, which must be one value and nothing else, with read. */
enum su_status wire_read_whole(enum wire_format format, struct su_span body, struct su_arena *arena,
	wire_read_fn read, void *out, struct su_error *err) SU_MUST_CHECK;

enum su_status wire_read_map(struct wire *wire, const struct wire_map *map, void *out,
	struct su_error *err) SU_MUST_CHECK;
/* max_items bounds before reading; read_item is called once for each item. */
enum su_status wire_read_array(struct wire *wire, size_t max_items, wire_read_fn read_item,
	void *out, struct su_error *err) SU_MUST_CHECK;

/* At most INT64_MAX, as the database has it. */
enum su_status wire_read_uint(struct wire *wire, uint64_t *out, struct su_error *err) SU_MUST_CHECK;
enum su_status wire_read_bool(struct wire *wire, bool *out, struct su_error *err) SU_MUST_CHECK;
/* 1 to max_bytes of printable UTF-8. */
enum su_status wire_read_text(
	struct wire *wire, size_t max_bytes, const char **out, struct su_error *err) SU_MUST_CHECK;
/* An integer of table in CBOR, its word in JSON. */
enum su_status wire_read_name(struct wire *wire, const struct name_row *table, int *out,
	struct su_error *err) SU_MUST_CHECK;
enum su_status wire_read_uuid(
	struct wire *wire, struct su_uuid *out, struct su_error *err) SU_MUST_CHECK;
enum su_status wire_read_digest(
	struct wire *wire, struct digest *out, struct su_error *err) SU_MUST_CHECK;
enum su_status wire_read_component(
	struct wire *wire, struct component_id *out, struct su_error *err) SU_MUST_CHECK;
enum su_status wire_read_version(
	struct wire *wire, struct version *out, struct su_error *err) SU_MUST_CHECK;
