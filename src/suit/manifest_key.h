/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers and names of a manifest's members. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Keys of the manifest, and of the envelope where the member is severable. */
enum manifest_key {
	MANIFEST_VERSION = 1,
	MANIFEST_SEQUENCE_NUMBER = 2,
	MANIFEST_COMMON = 3,
	MANIFEST_REFERENCE_URI = 4,
	MANIFEST_COMPONENT_ID = 5,
	MANIFEST_SET_VERSION = 6,
	MANIFEST_VALIDATE = 7,
	MANIFEST_LOAD = 8,
	MANIFEST_INVOKE = 9,
	MANIFEST_COSWID = 14,
	MANIFEST_DEPENDENCY_RESOLUTION = 15,
	MANIFEST_PAYLOAD_FETCH = 16,
	MANIFEST_CANDIDATE_VERIFICATION = 18,
	MANIFEST_INSTALL = 20,
	MANIFEST_TEXT = 23,
	MANIFEST_UNINSTALL = 24,
};
const char *manifest_key_name(int64_t key); /* "payload-fetch"; NULL for an unknown one */
bool manifest_key_is_sequence(int64_t key);
bool manifest_key_is_severable(int64_t key);
/*
 * What the drafts before suit-manifest-28 called this key of an envelope or manifest, where it has
 * no meaning now: "install" for 17. NULL for any other.
 */
const char *manifest_key_old_name(int64_t key);
/* Whether it is a sequence, the text or the CoSWID: struct manifest keeps those in a list. */
bool manifest_key_is_member(int64_t key);
