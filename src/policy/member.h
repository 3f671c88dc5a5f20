/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members of a JSON document, each with the path that names it in errors ("modes[2].when"). All
 * values are checked against bounds; what is absent or of another type is SU_INVALID.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"
#include "model/names.h"

struct member {
	struct su_arena *arena;
	const json_t *json; /* NULL: absent */
	const char *path;   /* "" is the document */
};

/* Objects and lists. names ends with NULL; a member that is not among them is SU_INVALID. */
enum su_status member_object(
	const struct member *member, const char *const *names, struct su_error *err) SU_MUST_CHECK;
enum su_status member_list(
	const struct member *member, size_t max, size_t *n_out, struct su_error *err) SU_MUST_CHECK;
struct member member_get(const struct member *object, const char *name);
struct member member_at(const struct member *list, size_t index);
bool member_is_given(const struct member *member);

/* 1..max_bytes of printable text, copied into the arena. */
enum su_status member_text(const struct member *member, size_t max_bytes, const char **out,
	struct su_error *err) SU_MUST_CHECK;
enum su_status member_name(const struct member *member, const struct name_row *table, int *out,
	struct su_error *err) SU_MUST_CHECK;
enum su_status member_count(const struct member *member, unsigned min, unsigned max, unsigned *out,
	struct su_error *err) SU_MUST_CHECK;
/* An ISO 8601 duration of min_ms..max_ms. */
struct member_span {
	int64_t min_ms, max_ms;
	int64_t never; /* what the word "never" stands for; 0: the word is not accepted */
};
enum su_status member_duration(const struct member *member, const struct member_span *bounds,
	int64_t *out, struct su_error *err) SU_MUST_CHECK;
/* More than 0, at most 1. */
enum su_status member_share(
	const struct member *member, double *out, struct su_error *err) SU_MUST_CHECK;
/* SU_INVALID at the member. */
enum su_status member_fail(const struct member *member, struct su_error *err, const char *fmt, ...)
	SU_PRINTF(3, 4);
