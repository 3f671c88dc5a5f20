/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Problem documents (RFC 9457). Written as text at once: most polls of a fleet end in one, and a tree
 * of values would cost more than all else that such a poll does.
 */
#pragma once

#include "base/arena.h"

struct http_problem {
	unsigned status;
	const char *title;  /* the status in words */
	const char *detail; /* what is not UTF-8 is shown as empty */
	const char *field;  /* "": none */
};

struct su_span http_problem_write(struct su_arena *arena, const struct http_problem *problem);
