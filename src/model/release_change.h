/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A change of a release that may alter what devices should install, and which devices that can be: so that
 * the others need not be looked at. Travels as text, in one line.
 */
#pragma once

#include "base/arena.h"
#include "base/uuid.h"
#include "model/device.h"

/* Of more identifiers than these, it is told that everybody is concerned. */
#define RELEASE_CHANGE_MAX_IDS 64

enum release_audience {
	CONCERNS_NOBODY, /* was not offered before, is not afterwards */
	CONCERNS_SOME,   /* who shares a vendor or a class */
	CONCERNS_ALL     /* or it cannot be told */
};

struct release_change {
	struct digest release;
	int64_t row_version; /* of the release, afterwards: no two changes are the same */
	enum release_audience audience;
	bool needs_class; /* CONCERNS_SOME: only who shares a class */
	size_t n_vendor_ids, n_class_ids;
	const struct su_uuid *vendor_ids, *class_ids;
};

void release_change_format(const struct release_change *change, struct su_buf *out);
/* What is not understood, as of another version, concerns everybody. text NULL: likewise. */
void release_change_parse(struct su_arena *arena, const char *text, struct release_change *out);

bool release_change_concerns(
	const struct release_change *change, const struct characteristics *told);
