/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list of blocks that are cut from the front; large pieces get a block of their own. Pieces are zeroed as they
 * are cut: most arenas live for one message, and use little of their last block.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define BLOCK_BYTES 4064
#define LARGE_BYTES (BLOCK_BYTES / 4)

struct block {
	struct block *next;
	size_t used, size;
	alignas(max_align_t) unsigned char bytes[];
};

struct su_arena {
	struct block *blocks; /* the first is the one that is being cut */
};

struct su_arena *su_arena_new(void)
{
	return su_new(struct su_arena);
}

void su_arena_free(struct su_arena **arena)
{
	if (!arena || !*arena)
		return;
	for (struct block *block = (*arena)->blocks, *next; block; block = next) {
		next = block->next;
		free(block);
	}
	free(*arena);
	*arena = NULL;
}

void su_arena_reset(struct su_arena *arena)
{
	struct block *kept = NULL;
	for (struct block *block = arena->blocks, *next; block; block = next) {
		next = block->next;
		if (kept || block->size != BLOCK_BYTES) {
			free(block);
			continue;
		}
		kept = block;
		kept->next = NULL;
		kept->used = 0;
	}
	arena->blocks = kept;
}

static struct block *block_new(size_t size)
{
	size_t total;
	if (__builtin_add_overflow(sizeof(struct block), size, &total))
		abort();
	struct block *block = su_grow(NULL, 1, total);
	*block = (struct block){ .size = size };
	return block;
}

/* A large piece goes behind the block being cut, whose rest stays in use. */
static void *alloc_large(struct su_arena *arena, size_t size)
{
	struct block *block = block_new(size);
	block->used = size;
	memset(block->bytes, 0, size);
	if (arena->blocks) {
		block->next = arena->blocks->next;
		arena->blocks->next = block;
	} else {
		arena->blocks = block;
	}
	return block->bytes;
}

void *su_arena_alloc(struct su_arena *arena, size_t size)
{
	const size_t alignment = alignof(max_align_t);
	if (size > SIZE_MAX - alignment)
		abort();
	size = size ? (size + alignment - 1) / alignment * alignment : alignment;
	if (size > LARGE_BYTES)
		return alloc_large(arena, size);

	struct block *block = arena->blocks;
	if (!block || block->size - block->used < size) {
		block = block_new(BLOCK_BYTES);
		block->next = arena->blocks;
		arena->blocks = block;
	}
	void *memory = block->bytes + block->used;
	block->used += size;
	return memset(memory, 0, size);
}

void *su_arena_array(struct su_arena *arena, size_t count, size_t size)
{
	size_t total;
	if (__builtin_mul_overflow(count, size, &total))
		abort();
	return su_arena_alloc(arena, total);
}

char *su_arena_strndup(struct su_arena *arena, const void *text, size_t len)
{
	if (len == SIZE_MAX)
		abort();
	char *copy = su_arena_alloc(arena, len + 1);
	if (len)
		memcpy(copy, text, len);
	return copy;
}

char *su_arena_strdup(struct su_arena *arena, const char *text)
{
	return text ? su_arena_strndup(arena, text, strlen(text)) : NULL;
}

char *su_arena_printf(struct su_arena *arena, const char *fmt, ...)
{
	va_list args, again;
	va_start(args, fmt);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0)
		abort();
	char *text = su_arena_alloc(arena, (size_t)len + 1);
	vsnprintf(text, (size_t)len + 1, fmt, again);
	va_end(again);
	return text;
}

struct su_span su_arena_copy(struct su_arena *arena, struct su_span span)
{
	if (span.len == 0)
		return SU_SPAN_EMPTY;
	void *copy = su_arena_alloc(arena, span.len);
	memcpy(copy, span.data, span.len);
	return su_span_of(copy, span.len);
}
