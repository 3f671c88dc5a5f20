/* SPDX-License-Identifier: Apache-2.0 */
/* SUIT_Manifest (draft-ietf-suit-manifest-37 section 8.4, with trust-domains and update-management members). */
#pragma once

#include "model/component.h"
#include "suit/sequence.h"

/* Keys of the manifest, and of the envelope where the member is severable. */
enum manifest_key {
	MANIFEST_VERSION = 1, MANIFEST_SEQUENCE_NUMBER = 2, MANIFEST_COMMON = 3,
	MANIFEST_REFERENCE_URI = 4, MANIFEST_COMPONENT_ID = 5, MANIFEST_SET_VERSION = 6,
	MANIFEST_VALIDATE = 7, MANIFEST_LOAD = 8, MANIFEST_INVOKE = 9, MANIFEST_COSWID = 14,
	MANIFEST_DEPENDENCY_RESOLUTION = 15, MANIFEST_PAYLOAD_FETCH = 16,
	MANIFEST_CANDIDATE_VERIFICATION = 18, MANIFEST_INSTALL = 20, MANIFEST_TEXT = 23,
	MANIFEST_UNINSTALL = 24,
};
const char *manifest_key_name(int64_t key); /* "payload-fetch"; NULL for an unknown one */
bool manifest_key_is_sequence(int64_t key);
bool manifest_key_is_severable(int64_t key);

/* A member that is a sequence, text or CoSWID. */
struct manifest_member {
	enum manifest_key key;
	bool severed;		/* the manifest holds its digest, not its bytes */
	struct digest digest;	/* when severed */
	bool present;		/* its bytes are at hand: inline, or in the envelope */
	struct su_span content;	/* of the bstr */
	struct sequence sequence; /* decoded, when present and a sequence */
};

struct manifest_dependency {
	uint64_t index;		/* component index; may lie outside the list of components */
	bool has_prefix;
	struct component_id prefix;
};

struct manifest {
	uint64_t sequence_number;
	struct su_span reference_uri;	/* empty: none */
	bool has_component_id;
	struct component_id component_id; /* trust-domains: what this manifest is installed as */
	struct version set_version;
	size_t n_components;
	struct component_id *components;
	size_t n_dependencies;
	struct manifest_dependency *dependencies;
	bool has_shared;
	struct sequence shared;
	size_t n_members;		/* in the order of their keys */
	struct manifest_member *members;
};

/*
 * Decodes the content of the envelope's manifest byte string. Strict: shortest heads, definite
 * lengths, sorted unique keys. A manifest of an older draft is SU_UNSUPPORTED and says so.
 * Severed members are present=false until manifest_attach.
 */
enum su_status manifest_decode(struct su_arena *arena, struct su_span content, struct manifest *out,
	struct su_error *err) SU_MUST_CHECK;
/* Gives a severed member the content that travels in the envelope; SU_UNAUTHENTIC when its digest
 * differs, SU_INVALID when the manifest does not sever this key. */
enum su_status manifest_attach(struct su_arena *arena, struct manifest *manifest,
	enum manifest_key key, struct su_span content, struct su_error *err) SU_MUST_CHECK;
const struct manifest_member *manifest_member(const struct manifest *manifest, enum manifest_key key);
