/* SPDX-License-Identifier: Apache-2.0 */
/* The only place that meets an exhausted heap: it ends the process, and the supervisor restarts it. */
#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* write(2), because stdio may want memory. */
static void *must(void *memory)
{
	static const char message[] = "suitd: out of memory\n";
	if (memory)
		return memory;
	ssize_t ignored = write(STDERR_FILENO, message, sizeof(message) - 1);
	(void)ignored;
	abort();
}

void *su_new_bytes(size_t size)
{
	return must(calloc(1, size ? size : 1));
}

void *su_new_array(size_t count, size_t size)
{
	if (count == 0 || size == 0)
		return su_new_bytes(1);
	return must(calloc(count, size));
}

void *su_grow(void *memory, size_t count, size_t size)
{
	if (count == 0 || size == 0)
		return must(realloc(memory, 1));
	return must(reallocarray(memory, count, size));
}

char *su_strdup(const char *text)
{
	return text ? must(strdup(text)) : NULL;
}

char *su_printf(const char *fmt, ...)
{
	char *text = NULL;
	va_list args;
	va_start(args, fmt);
	int len = vasprintf(&text, fmt, args);
	va_end(args);
	return must(len < 0 ? NULL : text);
}

void su_free_ptr(void *pointer_to_pointer)
{
	void **pointer = pointer_to_pointer;
	free(*pointer);
	*pointer = NULL;
}

void su_close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}
