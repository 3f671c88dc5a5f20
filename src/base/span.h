/* SPDX-License-Identifier: Apache-2.0 */
/* A borrowed piece of memory, and a buffer that grows. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed bytes; {NULL, 0} is the empty span. Not terminated by NUL. */
struct su_span {
	const uint8_t *data;
	size_t len;
};

#define SU_SPAN_EMPTY ((struct su_span){ NULL, 0 })

struct su_span su_span_of(const void *data, size_t len);
struct su_span su_span_str(const char *text); /* without the NUL; NULL gives the empty span */
bool su_span_equal(struct su_span a, struct su_span b);
bool su_span_equal_str(struct su_span a, const char *text);
/* Bytewise lexicographic, shorter first on a common prefix: <0, 0, >0. */
int su_span_compare(struct su_span a, struct su_span b);
/* 32-bit FNV-1a: the same in every process and version, since times are spread by it. No defence
 * against somebody who chooses the bytes. */
uint32_t su_span_hash(struct su_span span);

/* Owned bytes that grow by appending. Zero-initialise; release with su_buf_free. */
struct su_buf {
	uint8_t *data;
	size_t len;
	size_t capacity;
};

void su_buf_append(struct su_buf *buf, const void *data, size_t len);
void su_buf_append_span(struct su_buf *buf, struct su_span span);
void su_buf_append_byte(struct su_buf *buf, uint8_t byte);
void su_buf_printf(struct su_buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
struct su_span su_buf_span(const struct su_buf *buf);
/* NUL-terminated view of the contents, valid until the next append. */
const char *su_buf_str(struct su_buf *buf);
void su_buf_clear(struct su_buf *buf); /* keeps the memory */
void su_buf_free(struct su_buf *buf);
