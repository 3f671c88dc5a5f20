/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the loop remembers of a release that is in flight: where its envelope lies, how a device
 * proves that it runs it, and which sections a report may name. Never changes once made; shared by
 * all devices that have the release.
 */
#pragma once

#include "store/blob.h"
#include "store/txn.h"
#include "suit/report.h"
#include "tracker/channel.h"
#include "tracker/proof.h"

struct release_section {
	enum manifest_key key;
	bool present; /* its bytes are known, hence its length */
	size_t length_bytes;
};

struct release_facts {
	unsigned refs; /* loop thread only */
	struct su_arena *arena;
	struct digest release;
	uint64_t sequence_number;
	struct digest envelope, severed_envelope;
	uint64_t envelope_bytes, severed_envelope_bytes;
	const char *reference_uri; /* "": none */
	struct proof proof;        /* with what it depends on, which comes first */
	bool all_or_nothing; /* the label of that name: no component shall run it without the others */
	size_t n_sections;
	struct release_section *sections;
	/* What a device has to be given, in the order of the manifest, that of dependencies first. */
	size_t n_images;
	struct command_image *images;
	uint64_t download_bytes; /* of them and of images that others serve; as far as is known */
	bool can_be_pushed;      /* all of them are stored here */
};

/* Worker thread. SU_NOT_FOUND: no such release. refs is 1. */
enum su_status release_facts_load(struct txn *txn, struct blob_store *blobs,
	const struct digest *release, struct release_facts **out,
	struct su_error *err) SU_MUST_CHECK;
struct release_facts *release_facts_ref(struct release_facts *facts);
void release_facts_unref(struct release_facts **facts);

/* Whether a report can be about this release: its reference URI and every section that it names. */
enum su_status release_facts_check_report(const struct release_facts *facts,
	const struct report *report, struct su_error *err) SU_MUST_CHECK;
