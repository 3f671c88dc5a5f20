/* SPDX-License-Identifier: Apache-2.0 */
/* Finds vectors from $srcdir, as automake sets it, and turns hexadecimal into bytes. */
#include "vector_file.h"

#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hex.h"
#include "base/memory.h"

#define OURS      "tests/vectors"
#define PUBLISHED "../shared/vectors"

static char *path_of(struct su_arena *arena, const char *folder, const char *path)
{
	const char *srcdir = getenv("srcdir");

	return su_arena_printf(arena, "%s/%s/%s", srcdir ? srcdir : ".", folder, path);
}

static struct su_span read_file(struct su_arena *arena, const char *path)
{
	struct su_buf content su_auto(su_buf_free) = { 0 };
	char piece[4096];
	FILE *file = fopen(path, "rb");

	if (!file)
		fail_msg("%s: %s", path, strerror(errno));
	for (size_t n; (n = fread(piece, 1, sizeof(piece), file)) > 0;)
		su_buf_append(&content, piece, n);
	fclose(file);
	return su_arena_copy(arena, su_buf_span(&content));
}

static struct su_span read_hex(struct su_arena *arena, const char *path)
{
	struct su_span text = read_file(arena, path);
	char *digits = su_arena_alloc(arena, text.len + 1);
	uint8_t *bytes = su_arena_alloc(arena, text.len / 2 + 1);
	size_t n = 0, len = 0;

	for (size_t i = 0; i < text.len; i++)
		if (!isspace(text.data[i]))
			digits[n++] = (char)text.data[i];
	assert_int_equal(
		su_hex_decode(su_span_of(digits, n), bytes, text.len / 2 + 1, &len, NULL), SU_OK);
	return su_span_of(bytes, len);
}

struct su_span vector_file_read(struct su_arena *arena, const char *path)
{
	return read_hex(arena, path_of(arena, OURS, path));
}

struct su_span vector_file_read_published(struct su_arena *arena, const char *path)
{
	return read_hex(arena, path_of(arena, PUBLISHED, path));
}

bool vector_file_have_published(void)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();

	if (access(path_of(arena, PUBLISHED, "index.md"), R_OK) == 0)
		return true;
	print_message("# skipped: no published vectors in " PUBLISHED "\n");
	return false;
}

struct su_span vector_file_read_text(struct su_arena *arena, const char *path, bool published)
{
	return read_file(arena, path_of(arena, published ? PUBLISHED : OURS, path));
}

json_t *vector_file_index(void)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	json_error_t error;
	json_t *index = json_load_file(path_of(arena, OURS, "index.json"), 0, &error);

	if (!index)
		fail_msg("index.json: line %d: %s", error.line, error.text);
	return index;
}

const char *vector_file_string(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member));
}

struct su_span vector_file_bytes(struct su_arena *arena, const json_t *object, const char *member)
{
	const char *hex = vector_file_string(object, member);

	assert_non_null(hex);
	uint8_t *bytes = su_arena_alloc(arena, strlen(hex) / 2 + 1);
	size_t len = 0;
	assert_int_equal(
		su_hex_decode(su_span_str(hex), bytes, strlen(hex) / 2 + 1, &len, NULL), SU_OK);
	return su_span_of(bytes, len);
}

struct key *vector_file_key(const json_t *index, const char *name)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	const json_t *entry = json_object_get(json_object_get(index, "keys"), name);
	const char *pem = vector_file_string(entry, "private");
	struct key *key = NULL;

	assert_non_null(entry);
	if (pem)
		assert_int_equal(
			key_from_pem(vector_file_read_text(arena, pem, false), &key, NULL), SU_OK);
	else
		assert_int_equal(
			key_from_secret(vector_file_bytes(arena, entry, "secret"), &key, NULL),
			SU_OK);
	return key;
}

enum su_status vector_file_status(const char *word)
{
	for (enum su_status status = SU_OK; status <= SU_BUG; status++)
		if (strcmp(su_status_name(status), word) == 0)
			return status;
	fail_msg("the index has an unknown status %s", word);
	return SU_BUG;
}
