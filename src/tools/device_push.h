/* SPDX-License-Identifier: Apache-2.0 */
/* Manifest and images that the server carries to the device, block by block (RFC 7959, Block1). */
#pragma once

#include "base/uuid.h"
#include "tools/device_state.h"
#include "tools/link.h"

#define DEVICE_PUSH_MANIFEST_MAX_BYTES (UINT64_C(1) << 20)
#define DEVICE_PUSH_IMAGE_MAX_BYTES    (UINT64_C(1) << 28)

struct device_push;

struct device_push *device_push_new(const struct device_state *state);
void device_push_free(struct device_push **push);

/*
 * One block, answered. True: it was the last one, all is here and, for an image, has the digest that
 * name (hexadecimal) says; a dependency goes by the digest of its manifest. Blocks come in order; the same block once more does no harm, block 0
 * begins anew. deployment: what the query says, compared between the manifest and its images.
 */
bool device_push_manifest(struct device_push *push, const struct link_call *call,
	const char *deployment, struct link_answer *answer);
bool device_push_image(struct device_push *push, const struct link_call *call, const char *name,
	const char *deployment, struct link_answer *answer);

/* The manifest that came last; empty: none is complete. */
struct su_span device_push_envelope(const struct device_push *push);
