/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The expression language of policies and device selectors: a typed subset of CEL.
 *   == != < <= > >= in && || ! ( ) literals (int, double, 'text', true, false), lists of literals,
 *   duration('PT4H'), timestamp('2026-01-01T00:00:00Z'), field access (device.model),
 *   release.labels.<name>, has(field), field.startsWith('text').
 * Everything is checked when it is parsed; evaluation cannot fail. A field that a device or release
 * does not have makes a comparison neither true nor false: && and || take that as SQL does, and an
 * expression that comes to it does not match.
 */
#pragma once

#include "base/arena.h"
#include "base/status.h"
#include "policy/fields.h"

#define EXPRESSION_MAX_BYTES 4096
#define EXPRESSION_MAX_DEPTH 32
#define EXPRESSION_MAX_NODES 512

struct expression; /* never changes once parsed; lives in the arena it was parsed into */

/* Which fields may be named. */
enum expression_scope {
	EXPRESSION_POLICY,  /* device.*, release.*, installed.*, now */
	EXPRESSION_DEVICES, /* device.* and now: what a selector can ask the database */
};

/* The type must be boolean. err->field: name + ":" + the 1-based column ("filter:17"); the text says what was
 * found and what would fit. */
enum su_status expression_parse(struct su_arena *arena, const char *name, const char *text,
	enum expression_scope scope, const struct expression **out,
	struct su_error *err) SU_MUST_CHECK;
const char *expression_text(const struct expression *expression);

/* Whether it holds. Pure. */
bool expression_holds(const struct expression *expression, const struct facts *facts);

/* One sentence with the facts that it looked at: "release.kind = 'security', device.site is unknown". */
const char *expression_explain(
	struct su_arena *arena, const struct expression *expression, const struct facts *facts);

/*
 * A selector as SQL over the columns of table device (alias d), with $first_param, $first_param+1, ...
 * as placeholders. All values travel as parameters in PostgreSQL's text format.
 */
struct expression_sql {
	const char *where; /* boolean SQL, may be NULL-valued */
	size_t n_params;
	const char **params;
};
void expression_to_sql(struct su_arena *arena, const struct expression *expression,
	unsigned first_param, int64_t now_ms, struct expression_sql *out);
