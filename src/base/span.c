/* SPDX-License-Identifier: Apache-2.0 */
/* Spans never own; buffers double, so that appending is linear in what is appended. */
#include "base/span.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define SMALLEST_BUFFER 64

struct su_span su_span_of(const void *data, size_t len)
{
	return (struct su_span){ data, len };
}

struct su_span su_span_str(const char *text)
{
	return text ? su_span_of(text, strlen(text)) : SU_SPAN_EMPTY;
}

bool su_span_equal(struct su_span a, struct su_span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool su_span_equal_str(struct su_span a, const char *text)
{
	return su_span_equal(a, su_span_str(text));
}

int su_span_compare(struct su_span a, struct su_span b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	int order = common ? memcmp(a.data, b.data, common) : 0;
	if (order != 0)
		return order < 0 ? -1 : 1;
	return (a.len > b.len) - (a.len < b.len);
}

uint32_t su_span_hash(struct su_span span)
{
	uint32_t hash = 2166136261U;
	for (size_t i = 0; i < span.len; i++)
		hash = (hash ^ span.data[i]) * 16777619U;
	return hash;
}

/* Makes room for more bytes and a NUL after them. */
static void reserve(struct su_buf *buf, size_t more)
{
	size_t needed;
	if (__builtin_add_overflow(buf->len, more, &needed) ||
		__builtin_add_overflow(needed, 1, &needed))
		abort();
	if (needed <= buf->capacity)
		return;
	size_t capacity = buf->capacity ? buf->capacity : SMALLEST_BUFFER;
	while (capacity < needed)
		capacity = capacity > SIZE_MAX / 2 ? needed : capacity * 2;
	buf->data = su_grow(buf->data, capacity, 1);
	buf->capacity = capacity;
}

void su_buf_append(struct su_buf *buf, const void *data, size_t len)
{
	if (len == 0)
		return;
	reserve(buf, len);
	memcpy(buf->data + buf->len, data, len);
	buf->len += len;
}

void su_buf_append_span(struct su_buf *buf, struct su_span span)
{
	su_buf_append(buf, span.data, span.len);
}

void su_buf_append_byte(struct su_buf *buf, uint8_t byte)
{
	su_buf_append(buf, &byte, 1);
}

void su_buf_printf(struct su_buf *buf, const char *fmt, ...)
{
	va_list args, again;
	va_start(args, fmt);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0)
		abort();
	reserve(buf, (size_t)len);
	vsnprintf((char *)buf->data + buf->len, (size_t)len + 1, fmt, again);
	va_end(again);
	buf->len += (size_t)len;
}

struct su_span su_buf_span(const struct su_buf *buf)
{
	return su_span_of(buf->data, buf->len);
}

const char *su_buf_str(struct su_buf *buf)
{
	reserve(buf, 0);
	buf->data[buf->len] = '\0';
	return (const char *)buf->data;
}

void su_buf_clear(struct su_buf *buf)
{
	buf->len = 0;
}

void su_buf_free(struct su_buf *buf)
{
	free(buf->data);
	*buf = (struct su_buf){ 0 };
}
