/* SPDX-License-Identifier: Apache-2.0 */
/* Fills and extends error messages; none of it allocates, so that reporting cannot fail. */
#include "base/status.h"

#include <stdio.h>
#include <string.h>

#undef su_fail /* what the analyzer sees instead of a call */

static const char *const status_names[] = {
	[SU_OK] = "ok",
	[SU_INVALID] = "invalid",
	[SU_UNAUTHENTIC] = "unauthentic",
	[SU_UNAUTHENTICATED] = "unauthenticated",
	[SU_DENIED] = "denied",
	[SU_NOT_FOUND] = "not-found",
	[SU_CONFLICT] = "conflict",
	[SU_STALE] = "stale",
	[SU_TOO_LARGE] = "too-large",
	[SU_UNSUPPORTED] = "unsupported",
	[SU_BUSY] = "busy",
	[SU_RETRY] = "retry",
	[SU_UNCERTAIN] = "uncertain",
	[SU_FULL] = "full",
	[SU_IO] = "io",
	[SU_BUG] = "bug",
};

/* A message that was cut inside a UTF-8 sequence would spoil the JSON document it ends up in. */
static void drop_partial_character(char *text)
{
	size_t len = strlen(text);
	size_t start = len;
	while (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
		start--;
	if (start == 0)
		return;
	unsigned char lead = (unsigned char)text[start - 1];
	size_t needed = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
	if (len - (start - 1) < needed)
		text[start - 1] = '\0';
}

static void copy_text(char *out, size_t size, const char *text)
{
	int wanted = snprintf(out, size, "%s", text);
	if (wanted >= 0 && (size_t)wanted >= size)
		drop_partial_character(out);
}

enum su_status su_fail(
	struct su_error *err, enum su_status status, const char *field, const char *fmt, ...)
{
	if (!err)
		return status;

	/* The arguments may point into err itself. */
	char text[sizeof(err->text) + 1];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);

	char field_text[sizeof(err->field) + 1];
	snprintf(field_text, sizeof(field_text), "%s", field ? field : "");
	err->status = status;
	copy_text(err->field, sizeof(err->field), field_text);
	copy_text(err->text, sizeof(err->text), text);
	return status;
}

void su_error_prefix(struct su_error *err, const char *fmt, ...)
{
	if (!err)
		return;

	char prefix[sizeof(err->text)];
	va_list args;
	va_start(args, fmt);
	vsnprintf(prefix, sizeof(prefix), fmt, args);
	va_end(args);

	char text[2 * sizeof(err->text) + 2];
	snprintf(text, sizeof(text), "%s: %s", prefix, err->text);
	copy_text(err->text, sizeof(err->text), text);
}

void su_error_within(struct su_error *err, const char *parent)
{
	if (!err || !parent || !*parent)
		return;

	/* "parent[3]" and not "parent.[3]" when the field is an index. */
	const char *separator = err->field[0] == '\0' || err->field[0] == '[' ? "" : ".";
	char field[2 * sizeof(err->field) + 1];
	snprintf(field, sizeof(field), "%.*s%s%s", (int)sizeof(err->field), parent, separator,
		err->field);
	copy_text(err->field, sizeof(err->field), field);
}

const char *su_status_name(enum su_status status)
{
	if ((size_t)status >= sizeof(status_names) / sizeof(status_names[0]))
		return "unknown";
	return status_names[status];
}
