/* SPDX-License-Identifier: Apache-2.0 */
/* "<digest> <row version> <whom>": "-" nobody, "*" everybody, else identifiers: v<uuid>, c<uuid>, and "=" when
 * a class is needed. */
#include "model/release_change.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void put_ids(struct su_buf *out, char kind, const struct su_uuid *ids, size_t n)
{
	char text[SU_UUID_TEXT_SIZE];
	for (size_t i = 0; i < n; i++) {
		su_uuid_format(ids[i], text);
		su_buf_printf(out, " %c%s", kind, text);
	}
}

void release_change_format(const struct release_change *change, struct su_buf *out)
{
	char digest[DIGEST_TEXT_SIZE];
	digest_format(&change->release, digest);
	su_buf_printf(out, "%s %" PRId64, digest, change->row_version);
	const size_t n_ids = change->n_vendor_ids + change->n_class_ids;
	if (change->audience == CONCERNS_NOBODY ||
		(change->audience == CONCERNS_SOME && n_ids == 0)) {
		su_buf_printf(out, " -");
	} else if (change->audience == CONCERNS_ALL || n_ids > RELEASE_CHANGE_MAX_IDS) {
		su_buf_printf(out, " *");
	} else {
		if (change->needs_class)
			su_buf_printf(out, " =");
		put_ids(out, 'v', change->vendor_ids, change->n_vendor_ids);
		put_ids(out, 'c', change->class_ids, change->n_class_ids);
	}
}

/* The word before the next space; text goes on behind it. NULL at the end. */
static const char *next_word(struct su_arena *arena, const char **text)
{
	const size_t len = strcspn(*text, " ");
	if (len == 0)
		return NULL;
	const char *word = su_arena_strndup(arena, *text, len);
	*text += len;
	if (**text == ' ')
		(*text)++;
	return word;
}

static bool read_version(const char *word, int64_t *out)
{
	char *end;
	if (!word || *word < '0' || *word > '9')
		return false;
	*out = strtoll(word, &end, 10);
	return *end == '\0';
}

static bool read_whom(struct su_arena *arena, const char *text, struct release_change *out)
{
	struct su_uuid *vendors = su_arena_array(arena, RELEASE_CHANGE_MAX_IDS, sizeof(*vendors));
	struct su_uuid *classes = su_arena_array(arena, RELEASE_CHANGE_MAX_IDS, sizeof(*classes));
	out->vendor_ids = vendors;
	out->class_ids = classes;
	for (const char *word; (word = next_word(arena, &text));) {
		struct su_uuid id;
		if (strcmp(word, "=") == 0)
			out->needs_class = true;
		else if (out->n_vendor_ids + out->n_class_ids == RELEASE_CHANGE_MAX_IDS ||
			 su_uuid_parse(word + 1, &id, NULL) != SU_OK)
			return false;
		else if (*word == 'v')
			vendors[out->n_vendor_ids++] = id;
		else if (*word == 'c')
			classes[out->n_class_ids++] = id;
		else
			return false;
	}
	return out->n_vendor_ids + out->n_class_ids > 0;
}

static bool read_change(struct su_arena *arena, const char *text, struct release_change *out)
{
	const char *digest = next_word(arena, &text);
	if (!digest || digest_parse(digest, &out->release, NULL) != SU_OK ||
		!read_version(next_word(arena, &text), &out->row_version))
		return false;
	out->audience = strcmp(text, "-") == 0 ? CONCERNS_NOBODY : CONCERNS_SOME;
	return out->audience == CONCERNS_NOBODY || read_whom(arena, text, out);
}

void release_change_parse(struct su_arena *arena, const char *text, struct release_change *out)
{
	*out = (struct release_change){ 0 };
	if (!text || !read_change(arena, text, out))
		*out = (struct release_change){ .audience = CONCERNS_ALL };
}

bool release_change_concerns(
	const struct release_change *change, const struct characteristics *told)
{
	if (change->audience != CONCERNS_SOME)
		return change->audience == CONCERNS_ALL;
	for (size_t i = 0; i < change->n_class_ids; i++)
		if (characteristics_have_class(told, change->class_ids[i]))
			return true;
	for (size_t i = 0; i < change->n_vendor_ids && !change->needs_class; i++)
		if (characteristics_have_vendor(told, change->vendor_ids[i]))
			return true;
	return false;
}
