/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces from which the tests of the upper half of suit put manifests together. */
#pragma once

#include "base/arena.h"
#include "suit/encode.h"

#define POLICY_ALL  15
#define POLICY_FAIL 2

/* The identity and images of the examples in suit-manifest, appendix B. */
#define EXAMPLE_VENDOR  "fa6b4a53-d5ad-5fdf-be9d-e663e4d41ffe"
#define EXAMPLE_CLASS   "1492af14-2569-5e48-bf42-9b2d51f2ab45"
#define EXAMPLE_DIGEST  "sha256:00112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210"
#define EXAMPLE_DIGEST2 "sha256:0123456789abcdeffedcba987654321000112233445566778899aabbccddeeff"
#define EXAMPLE_SIZE    34768
#define EXAMPLE_SIZE2   76834

struct su_uuid example_uuid(const char *text);
struct digest example_digest(const char *text);
struct component_id example_component(struct su_arena *arena, const char *text);

/* Parameters with just these members. */
struct parameters example_identity(struct su_arena *arena);
struct parameters example_vendor(struct su_arena *arena, const char *uuid);
struct parameters example_class(const char *uuid);
struct parameters example_image(const char *digest, uint64_t size_bytes);
struct parameters example_uri(const char *uri);
struct parameters example_slot(uint64_t slot);
/* Those of both; what both have is that of b. */
struct parameters example_join(struct parameters a, struct parameters b);

void example_put_override(struct sequence_builder *seq, struct parameters parameters);
void example_put_identity_check(struct sequence_builder *seq);
/* override uri, fetch, image-match */
void example_put_fetch(struct sequence_builder *seq, const char *uri);
/* try-each: slot 0 with the first parameters, slot 1 with the second. */
void example_put_slots(
	struct sequence_builder *seq, struct parameters first, struct parameters second);

/* One component [h'00'] with identity and image in the shared sequence, and validate. */
struct manifest_builder *example_builder(struct su_arena *arena, uint64_t sequence_number);
/* Adds a section and frees the sequence. */
void example_add(struct manifest_builder *builder, enum manifest_key key,
	struct sequence_builder *seq, bool sever);
/* Finishes and frees the builder; the test fails if it cannot be finished. */
struct su_span example_finish(struct su_arena *arena, struct manifest_builder *builder);
/* The manifest in an envelope; the test fails if it does not decode. */
struct envelope example_decode(struct su_arena *arena, struct su_span encoded);
