/* SPDX-License-Identifier: Apache-2.0 */
/* Whose file a manifest's URI reference names: one in the envelope, one of this server, another's. */
#pragma once

#include "base/arena.h"
#include "base/status.h"

enum public_uri_kind {
	PUBLIC_URI_INTEGRATED, /* "#name": in the envelope */
	PUBLIC_URI_HOSTED,     /* relative, or its authority is one of our names */
	PUBLIC_URI_EXTERNAL,
};

struct public_uri {
	enum public_uri_kind kind;
	const char *path;     /* when hosted: absolute, without dot segments, query and fragment */
	const char *blob_hex; /* when the path is /blob/<sha256>: its 64 digits; else NULL */
};

struct public_names {
	size_t n;
	const char *const *names; /* "fw.example.com", "[::1]:8080" */
};

/*
 * A relative reference is resolved against the root of this server. SU_INVALID: malformed, too
 * long, or a path that this server needs for itself.
 */
enum su_status public_uri_read(struct su_arena *arena, const char *uri,
	const struct public_names *ours, struct public_uri *out,
	struct su_error *err) SU_MUST_CHECK;
