/* SPDX-License-Identifier: Apache-2.0 */
/* Memory with one lifetime: a request, a decoded manifest. Freed as a whole. */
#pragma once

#include <stddef.h>

#include "base/span.h"

struct su_arena;

struct su_arena *su_arena_new(void);
void su_arena_free(struct su_arena **arena);
/* Ends the life of all that it holds, but keeps a piece of memory for what comes next. */
void su_arena_reset(struct su_arena *arena);

/* Zeroed, aligned for any type; aborts when memory is out. */
void *su_arena_alloc(struct su_arena *arena, size_t size) __attribute__((returns_nonnull));
void *su_arena_array(struct su_arena *arena, size_t count, size_t size)
	__attribute__((returns_nonnull));
char *su_arena_strdup(struct su_arena *arena, const char *text); /* NULL gives NULL */
char *su_arena_strndup(struct su_arena *arena, const void *text, size_t len);
char *su_arena_printf(struct su_arena *arena, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
struct su_span su_arena_copy(struct su_arena *arena, struct su_span span);

#define su_arena_new_of(arena, type) ((type *)su_arena_alloc((arena), sizeof(type)))
