/* SPDX-License-Identifier: Apache-2.0 */
/* The table of a manifest's keys, and the numbers that older drafts used for some of them. */
#include "suit/manifest_key.h"

#include <stddef.h>

struct row {
	const char *name;
	bool is_sequence;
	bool is_severable;
	bool is_member;
};

static const struct row rows[] = {
	[MANIFEST_VERSION] = { "manifest-version", false, false, false },
	[MANIFEST_SEQUENCE_NUMBER] = { "sequence-number", false, false, false },
	[MANIFEST_COMMON] = { "common", false, false, false },
	[MANIFEST_REFERENCE_URI] = { "reference-uri", false, false, false },
	[MANIFEST_COMPONENT_ID] = { "manifest-component-id", false, false, false },
	[MANIFEST_SET_VERSION] = { "set-version", false, false, false },
	[MANIFEST_VALIDATE] = { "validate", true, false, true },
	[MANIFEST_LOAD] = { "load", true, false, true },
	[MANIFEST_INVOKE] = { "invoke", true, false, true },
	[MANIFEST_COSWID] = { "coswid", false, true, true },
	[MANIFEST_DEPENDENCY_RESOLUTION] = { "dependency-resolution", true, true, true },
	[MANIFEST_PAYLOAD_FETCH] = { "payload-fetch", true, true, true },
	[MANIFEST_CANDIDATE_VERIFICATION] = { "candidate-verification", true, true, true },
	[MANIFEST_INSTALL] = { "install", true, true, true },
	[MANIFEST_TEXT] = { "text", false, true, true },
	[MANIFEST_UNINSTALL] = { "uninstall", true, false, true },
};

static const char *const old_names[] = {
	[10] = "validate",
	[11] = "load",
	[12] = "run",
	[13] = "text",
	[17] = "install",
};

static const struct row *row_of(int64_t key)
{
	const int64_t n = sizeof(rows) / sizeof(rows[0]);
	return key >= 0 && key < n && rows[key].name ? &rows[key] : NULL;
}

const char *manifest_key_name(int64_t key)
{
	const struct row *row = row_of(key);
	return row ? row->name : NULL;
}

bool manifest_key_is_sequence(int64_t key)
{
	const struct row *row = row_of(key);
	return row && row->is_sequence;
}

bool manifest_key_is_severable(int64_t key)
{
	const struct row *row = row_of(key);
	return row && row->is_severable;
}

const char *manifest_key_old_name(int64_t key)
{
	const int64_t n = sizeof(old_names) / sizeof(old_names[0]);
	return key >= 0 && key < n ? old_names[key] : NULL;
}

bool manifest_key_is_member(int64_t key)
{
	const struct row *row = row_of(key);
	return row && row->is_member;
}
