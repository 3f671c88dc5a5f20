/* SPDX-License-Identifier: Apache-2.0 */
/* Text and order of versions. */
#include "model/version.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char *const pre_release_words[] = { "rc", "beta", "alpha" }; /* -1, -2, -3 */
#define N_WORDS ((int)(sizeof(pre_release_words) / sizeof(pre_release_words[0])))

char *version_format(struct su_arena *arena, const struct version *version)
{
	struct su_buf text = { 0 };
	for (unsigned i = 0; i < version->n_parts; i++) {
		int64_t part = version->parts[i];
		if (i > 0 && part < 0 && part >= -N_WORDS)
			su_buf_printf(&text, "-%s", pre_release_words[-part - 1]);
		else
			su_buf_printf(&text, "%s%" PRId64, i > 0 ? "." : "", part);
	}
	char *copy = su_arena_strdup(arena, su_buf_str(&text));
	su_buf_free(&text);
	return copy;
}

/* Decimal digits after an optional minus, without the leniency of strtoll. */
static bool take_number(const char **at, int64_t *out)
{
	bool negative = **at == '-';
	int64_t value = 0;
	if (negative)
		(*at)++;
	if (**at < '0' || **at > '9')
		return false;
	for (; **at >= '0' && **at <= '9'; (*at)++)
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_sub_overflow(value, **at - '0', &value))
			return false;
	/* Summed up below zero, where there is room for INT64_MIN. */
	*out = value;
	return negative || !__builtin_sub_overflow(0, value, out);
}

static bool take_word(const char **at, int64_t *out)
{
	for (int i = 0; i < N_WORDS; i++) {
		size_t len = strlen(pre_release_words[i]);
		if (strncmp(*at, pre_release_words[i], len) == 0) {
			*at += len;
			*out = -(i + 1);
			return true;
		}
	}
	return false;
}

static enum su_status refuse_text(struct su_error *err)
{
	return su_fail(err, SU_INVALID, "", "not a version such as 1.2.0 or 1.2-rc.3");
}

enum su_status version_parse(const char *text, struct version *out, struct su_error *err)
{
	struct version version = { 0 };
	const char *at = text ? text : "";
	if (!take_number(&at, &version.parts[version.n_parts++]))
		return refuse_text(err);
	while (*at != '\0') {
		if (version.n_parts == VERSION_MAX_PARTS)
			return su_fail(err, SU_INVALID, "", "a version has at most %d parts",
				VERSION_MAX_PARTS);
		int64_t *part = &version.parts[version.n_parts++];
		char separator = *at++;
		bool taken = separator == '.'   ? take_number(&at, part)
			     : separator == '-' ? take_word(&at, part)
						: false;
		if (!taken)
			return refuse_text(err);
	}
	*out = version;
	return SU_OK;
}

int version_compare(const struct version *a, const struct version *b)
{
	for (unsigned i = 0; i < b->n_parts; i++) {
		int64_t part = i < a->n_parts ? a->parts[i] : 0;
		if (part != b->parts[i])
			return part < b->parts[i] ? -1 : 1;
	}
	return 0;
}
