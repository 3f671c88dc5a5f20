/* SPDX-License-Identifier: Apache-2.0 */
/* A release: one verified root manifest with every image it needs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "model/component.h"
#include "model/names.h"

enum release_state {
	RELEASE_INCOMPLETE, /* an image or dependency that it needs has not come yet */
	RELEASE_VERIFIED,   /* complete, waits for approval */
	RELEASE_APPROVED,   /* may be offered */
	RELEASE_WITHDRAWN,  /* never offered again */
};
extern const struct name_row release_state_names[];

enum release_kind {
	KIND_UNSPECIFIED,
	KIND_SECURITY,
	KIND_BUGFIX,
	KIND_FEATURE,
	KIND_CONFIGURATION
};
extern const struct name_row release_kind_names[];

/* What a device may have to wait for before it updates (suit-update-management, wait-info). */
enum wait_event {
	WAIT_AUTHORIZATION = 1,
	WAIT_POWER,
	WAIT_NETWORK,
	WAIT_OTHER_DEVICE,
	WAIT_TIME,
	WAIT_TIME_OF_DAY,
	WAIT_DAY_OF_WEEK,
	WAIT_TIME_OF_DAY_UTC,
	WAIT_DAY_OF_WEEK_UTC,
};
extern const struct name_row wait_event_names[];

/* A payload that the manifest names. */
struct release_image {
	struct component_id component;
	struct digest digest; /* unset: the manifest gives none (e.g. of the plaintext only) */
	bool has_size;
	uint64_t size_bytes;
	const char *uri; /* NULL: none */
	bool integrated; /* travels inside the envelope */
	bool hosted; /* this server must hold it: the URI's authority is ours, or it is relative */
	bool present; /* its bytes are stored (or integrated); of a dependency: and all that it needs */
	/* Not present, though something of this digest is here: its length. */
	bool has_found;
	uint64_t found_bytes;
};
/* Why an image keeps its release incomplete; NULL: it does not. */
const char *release_image_problem(struct su_arena *arena, const struct release_image *image);

/* Pointers live in the arena that the producing function was given. */
struct release {
	struct digest digest; /* manifest digest: the name of the release */
	uint64_t sequence_number;
	struct su_span scope; /* sequence numbers rise within it: see suit/survey.h */
	enum release_state state;
	bool targeted;             /* checks a vendor or class: may be offered by matching */
	const char *version;       /* set-version as text, or NULL */
	const char *reference_uri; /* or NULL */
	bool has_update_priority;
	int64_t update_priority;
	int64_t use_before_ms; /* 0: none */
	unsigned waits;        /* bits (1 << enum wait_event) */
	enum release_kind kind;
	const char *labels_json;        /* the author's labels, a JSON object */
	struct digest envelope;         /* sha256 of the stored envelope file */
	struct digest severed_envelope; /* sha256 of the form without severable text and CoSWID */
	uint64_t envelope_bytes, severed_envelope_bytes;
	size_t n_images;
	struct release_image *images;
	const char *published_by, *approved_by; /* token names; NULL: not yet */
	int64_t published_at_ms, approved_at_ms, withdrawn_at_ms;
	int64_t row_version;
};
