/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation that ends the process when memory is out, and scope-bound clean-up. */
#pragma once

#include <stddef.h>

/* Zeroed memory; aborts on exhaustion, so callers never test. Sizes from outside are bounded first. */
void *su_new_bytes(size_t size) __attribute__((malloc, returns_nonnull));
void *su_new_array(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *su_grow(void *memory, size_t count, size_t size) __attribute__((returns_nonnull));
char *su_strdup(const char *text); /* NULL gives NULL */
char *su_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define su_new(type) ((type *)su_new_bytes(sizeof(type)))

/* struct foo *f su_auto(foo_free) = foo_new(): calls foo_free(&f) when f leaves its scope. */
#define su_auto(free_function) __attribute__((cleanup(free_function), unused))

void su_free_ptr(void *pointer_to_pointer); /* for su_auto(su_free_ptr) on malloc'd memory */
void su_close_fd(int *fd);                  /* closes if >= 0 and sets -1 */
