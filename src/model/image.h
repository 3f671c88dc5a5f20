/* SPDX-License-Identifier: Apache-2.0 */
/* An image on this server, and an upload on its way to become one. */
#pragma once

#include <stdint.h>

#include "base/uuid.h"
#include "model/digest.h"

struct image {
	struct digest digest; /* always SHA-256: the name of the blob */
	uint64_t size_bytes;
	const char *uploaded_by;
	int64_t uploaded_at_ms;
};

/* A resumable upload (tus 1.0). Its offset is the length of its file on disk, nothing else. */
struct upload {
	struct su_uuid id;
	uint64_t length_bytes;  /* as declared at creation */
	struct digest expected; /* unset: any */
	const char *uploaded_by;
	int64_t created_at_ms, expires_at_ms;
	struct digest finished; /* set once the image is stored */
};
