/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an author writes to have a manifest made: a JSON object, explained in docs/manifest.md.
 * Image files are named relative to the description and are hashed while it is read.
 */
#pragma once

#include "base/span.h"
#include "model/component.h"
#include "suit/parameter.h"

/* One payload of a component; a component with slots has one for each. */
struct description_choice {
	bool has_slot;
	uint64_t slot;
	struct digest digest;
	uint64_t size_bytes;
	const char *uri;
	struct su_span integrated; /* the bytes that go into the envelope under uri; empty: none */
};

struct description_component {
	struct component_id id;
	size_t n_choices;
	struct description_choice *choices;
	bool has_required_version;
	enum version_comparison required_comparison;
	struct version required_version;
};

struct description_dependency {
	struct digest manifest_digest;
	uint64_t envelope_bytes;
	const char *uri;
	bool has_prefix;
	struct component_id prefix;
	struct su_span integrated; /* empty: fetched from uri */
	bool fetches_early;        /* has a payload-fetch section */
};

struct description {
	uint64_t sequence_number;
	bool has_vendor, has_class;
	struct su_uuid vendor_id, class_id;
	const char *reference_uri; /* NULL: none */
	bool has_component_id;
	struct component_id component_id;
	struct version set_version;
	struct parameters timing; /* update-priority, use-before, minimum-battery, wait-info */
	size_t n_components, n_dependencies;
	struct description_component *components;
	struct description_dependency *dependencies;
	struct su_span text; /* encoded text map; empty: none */
	bool sever_text, sever_install;
	bool fetch_early; /* payload-fetch instead of install */
	enum digest_alg digest_alg;
};

/* folder: what relative file names start from. SU_INVALID names the member in err->field. */
enum su_status description_read(struct su_arena *arena, struct su_span json, const char *folder,
	struct description *out, struct su_error *err) SU_MUST_CHECK;

/* Appends the unsigned envelope. */
enum su_status description_encode(const struct description *description, struct su_buf *out,
	struct su_error *err) SU_MUST_CHECK;
