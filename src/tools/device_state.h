/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the reference device keeps in its folder, so that it can be stopped at any moment:
 *   state.json         what is installed, and whether an update is under way; replaced as a whole
 *   image/<sha256>     payloads, named by their digest
 *   staging/<name>     payloads that are still coming in, and what is known of them
 *   manifest.suit      the envelope that is being worked on
 * An installation becomes effective by the one rename of state.json.
 */
#pragma once

#include "base/span.h"
#include "model/component.h"
#include "model/device.h"

struct device_state {
	struct su_arena *arena; /* owns what the members point to */
	char *folder;
	size_t n_components;
	struct installed_component components[DEVICE_MAX_COMPONENTS];
	struct digest installed_manifest; /* unset: none yet */
	struct su_span etag;       /* that the server gave with its envelope; empty: not known */
	const char *reference_uri; /* of that manifest, for reports; NULL: none */
	uint64_t sequence_number;  /* of that manifest; nothing lower is taken */
	bool report_pending;       /* the new image runs, and the server does not know it yet */
	bool awaits_word;          /* the update under way is installed when suitd says so */
};

/* Creates the folder when it is missing. */
enum su_status device_state_open(
	const char *folder, struct device_state **out, struct su_error *err) SU_MUST_CHECK;
void device_state_close(struct device_state **state);
enum su_status device_state_save(
	const struct device_state *state, struct su_error *err) SU_MUST_CHECK;

/* Removes what only an update under way needed, and images that no component has any more. */
void device_state_tidy(const struct device_state *state);

/* The one for id; added when it is new, NULL when there is no room. */
struct installed_component *device_state_component(
	struct device_state *state, struct component_id id);
const struct installed_component *device_state_find(
	const struct device_state *state, struct component_id id);

/* Path of a file below the folder. */
const char *device_state_path(
	struct su_arena *arena, const struct device_state *state, const char *name);
const char *device_state_image_path(
	struct su_arena *arena, const struct device_state *state, const struct digest *digest);
/* Of an image that was pushed, until its manifest fetches it. */
const char *device_state_pushed_path(
	struct su_arena *arena, const struct device_state *state, const struct digest *digest);
