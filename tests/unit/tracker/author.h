/* SPDX-License-Identifier: Apache-2.0 */
/* An author for tests: makes and signs manifests of one image in one component. */
#pragma once

#include "base/arena.h"
#include "model/release.h"
#include "suit/encode.h"

#define AUTHOR_VENDOR "fa6b4a53-d5ad-5fdf-be9d-e663e4d41ffe"
#define AUTHOR_CLASS  "1492af14-2569-5e48-bf42-9b2d51f2ab45"

/* What an envelope shall say; what is left out it does not say. */
struct firmware {
	uint64_t sequence_number;
	const char *component; /* diagnostic notation; NULL: [h'00'] */
	bool untargeted;       /* checks neither vendor nor class */
	const char *class_id;  /* NULL: AUTHOR_CLASS */
	const char *uri;       /* NULL: nothing is fetched */
	struct su_span image;  /* digest and size are taken from it */
	uint64_t size_bytes;   /* 0: of the image */
	bool no_digest;
	const char *integrated_key; /* NULL: none */
	struct su_span integrated;
	bool is_dependency; /* the payload is an envelope, image_digest says which manifest */
	struct digest image_digest; /* set: instead of the image's */
	uint64_t minimum_battery_mwh;
	uint64_t use_before_s;
	const char *reference_uri;
	bool severed_text;
};

struct key *author_key(void);
/* The unsigned envelope; the test fails if it cannot be made. */
struct su_span author_draw_up(struct su_arena *arena, const struct firmware *firmware);
struct su_span author_sign(struct su_arena *arena, struct su_span envelope, const struct key *key);
struct su_span author_write(
	struct su_arena *arena, const struct firmware *firmware, const struct key *key);
struct digest author_digest(struct su_span bytes); /* SHA-256 */
struct component_id author_component(struct su_arena *arena, const char *text);
struct su_uuid author_uuid(const char *text);
