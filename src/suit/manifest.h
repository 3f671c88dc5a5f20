/* SPDX-License-Identifier: Apache-2.0 */
/* SUIT_Manifest (draft-ietf-suit-manifest-37 section 8.4, with trust-domains and update-management members). */
#pragma once

#include "model/component.h"
#include "suit/manifest_key.h"
#include "suit/sequence.h"

/* Bounds on what one manifest may name; each sequence has its own (sequence.h). */
#define MANIFEST_MAX_COMPONENTS   64
#define MANIFEST_MAX_DEPENDENCIES 32
#define MANIFEST_MAX_TEXT_BYTES   65536

/* A member that is a sequence, text or CoSWID. */
struct manifest_member {
	enum manifest_key key;
	bool severed;             /* the manifest holds its digest, not its bytes */
	struct digest digest;     /* when severed */
	bool present;             /* its bytes are at hand: inline, or in the envelope */
	bool matches;             /* present, and the digest (if severed) is that of its bytes */
	struct su_span content;   /* of the bstr */
	struct sequence sequence; /* decoded, when it matches and is a sequence */
};

struct manifest_dependency {
	uint64_t index; /* component index; may lie outside the list of components */
	bool has_prefix;
	struct component_id prefix;
};

struct manifest {
	uint64_t sequence_number;
	struct su_span reference_uri; /* empty: none */
	bool has_component_id;
	struct component_id component_id; /* trust-domains: what this manifest is installed as */
	struct version set_version;
	size_t n_components;
	struct component_id *components;
	size_t n_dependencies;
	struct manifest_dependency *dependencies; /* in the order of their indexes */
	bool has_shared;
	struct sequence shared;
	size_t n_members; /* in the order of their keys */
	struct manifest_member *members;
};

/*
 * Decodes the content of the envelope's manifest byte string. Strict: shortest heads, definite
 * lengths, sorted unique keys. A manifest of an older draft is SU_UNSUPPORTED and says so.
 * Severed members are present=false until manifest_attach.
 */
enum su_status manifest_decode(struct su_arena *arena, struct su_span content, struct manifest *out,
	struct su_error *err) SU_MUST_CHECK;
/*
 * Gives a severed member the content that travels in the envelope. SU_UNAUTHENTIC when its digest
 * differs: then it is present but does not match and nothing of it was decoded. SU_INVALID when
 * the manifest does not sever this key.
 */
enum su_status manifest_attach(struct su_arena *arena, struct manifest *manifest,
	enum manifest_key key, struct su_span content, struct su_error *err) SU_MUST_CHECK;

const struct manifest_member *manifest_member(
	const struct manifest *manifest, enum manifest_key key);
const struct manifest_dependency *manifest_dependency(
	const struct manifest *manifest, uint64_t component_index);
/* The identifier of a component index; empty for a dependency outside the list. */
struct component_id manifest_component(const struct manifest *manifest, uint64_t component_index);
/* sequence_walk over the shared sequence and every section that is at hand. */
bool manifest_walk(const struct manifest *manifest, sequence_visit visit, void *ctx);
