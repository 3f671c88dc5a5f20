/* SPDX-License-Identifier: Apache-2.0 */
/* A component identifier (suit-manifest section 8.4.3: an array of byte strings) and what is installed in one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "model/digest.h"
#include "model/version.h"

#define COMPONENT_MAX_SEGMENTS 16
#define COMPONENT_MAX_BYTES    256

/* The deterministic CBOR encoding of the array is the identity: compared and stored as bytes. */
struct component_id {
	struct su_span encoded;
};

bool component_id_equal(struct component_id a, struct component_id b);

/*
 * CBOR diagnostic notation: [h'00'], ['boot', h'01']. A segment of printable ASCII without quote or
 * backslash is written as text. Used in JSON and on the command line, both ways.
 */
char *component_id_format(struct su_arena *arena, struct component_id id);
enum su_status component_id_parse(struct su_arena *arena, const char *text,
	struct component_id *out, struct su_error *err) SU_MUST_CHECK;
/* Checks that encoded is one array of 1..COMPONENT_MAX_SEGMENTS definite byte strings, shortest heads. */
enum su_status component_id_check(struct su_span encoded, struct su_error *err) SU_MUST_CHECK;

/* What a device says it runs in one component. */
struct installed_component {
	struct component_id id;
	struct digest digest; /* unset: the device did not say */
	bool has_sequence_number;
	uint64_t sequence_number; /* of the manifest that installed it */
	struct version version;
	bool has_size;
	uint64_t size_bytes; /* of the image */
	bool has_slot;
	uint64_t active_slot;
};
