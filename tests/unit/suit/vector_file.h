/* SPDX-License-Identifier: Apache-2.0 */
/* Test vectors: ours below tests/vectors, and published ones where a copy lies beside the sources. */
#pragma once

#include <jansson.h>

#include "base/arena.h"
#include "base/span.h"
#include "suit/key.h"

/* A hex file below tests/vectors, or below ../shared/vectors; the test fails if it cannot be read. */
struct su_span vector_file_read(struct su_arena *arena, const char *path);
struct su_span vector_file_read_published(struct su_arena *arena, const char *path);
/* False, with a note in the output: this copy of the sources has no published vectors beside it. */
bool vector_file_have_published(void);
/* Any file below tests/vectors or, published, below ../shared/vectors, as it is. */
struct su_span vector_file_read_text(struct su_arena *arena, const char *path, bool published);

/* tests/vectors/index.json; the caller owns it. */
json_t *vector_file_index(void);
const char *vector_file_string(const json_t *object, const char *member); /* NULL for null */
/* The bytes that a member has in hex; the test fails if it has not. */
struct su_span vector_file_bytes(struct su_arena *arena, const json_t *object, const char *member);
/* A key of the index: the private one where it has two halves. */
struct key *vector_file_key(const json_t *index, const char *name);
/* A status by its word, "ok" included. */
enum su_status vector_file_status(const char *word);
