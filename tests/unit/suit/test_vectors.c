/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every vector of envelopes, ours and the published ones, decoded and compared with its
 * description, and every signature in them verified.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "expected.h"
#include "vector_file.h"

/* The MAC key of the published firmware-encryption examples. */
#define PUBLISHED_SECRET "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

struct fixture {
	struct su_arena *arena;
	json_t *index; /* of ours */
};

static int set_up(void **state)
{
	struct fixture *fixture = su_new(struct fixture);
	fixture->arena = su_arena_new();
	fixture->index = vector_file_index();
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	su_arena_free(&fixture->arena);
	json_decref(fixture->index);
	free(fixture);
	return 0;
}

static void decode(struct su_arena *arena, const char *name, struct su_span bytes,
	bool allow_untagged, struct envelope *out)
{
	struct envelope_options options = { .allow_untagged = allow_untagged };
	struct su_error err = { 0 };
	if (envelope_decode(arena, bytes, &options, out, &err) != SU_OK)
		fail_msg("%s: %s: %s", name, err.field, err.text);
}

static enum su_status verify(const struct envelope *envelope, size_t block, size_t signature,
	const struct key *key, struct su_error *err)
{
	const struct cose *cose = &envelope->blocks[block];
	return cose_verify(cose, &cose->signatures[signature], envelope->digest_encoded,
		SU_SPAN_EMPTY, key, err);
}

static void verify_signers(
	const struct fixture *fixture, const struct envelope *envelope, const json_t *signers)
{
	struct su_error err;
	assert_int_equal(envelope->n_blocks, json_array_size(signers));
	for (size_t i = 0; i < envelope->n_blocks; i++) {
		const json_t *names = json_array_get(signers, i);
		assert_int_equal(envelope->blocks[i].n_signatures, json_array_size(names));
		for (size_t j = 0; j < json_array_size(names); j++) {
			const char *name = json_string_value(json_array_get(names, j));
			struct key *key su_auto(key_free) =
				vector_file_key(fixture->index, name ? name : "author-p256");
			assert_int_equal(
				verify(envelope, i, j, key, &err), name ? SU_OK : SU_UNSUPPORTED);
		}
	}
}

static void test_our_envelopes_are_as_described(void **state)
{
	struct fixture *fixture = *state;
	const json_t *all = json_object_get(fixture->index, "envelopes"), *expected;
	const char *path;
	json_object_foreach((json_t *)all, path, expected)
	{
		struct envelope envelope;
		struct survey survey;
		struct su_error err = { 0 };
		print_message("# %s\n", path);
		decode(fixture->arena, path, vector_file_read(fixture->arena, path),
			json_object_get(expected, "needs") != NULL, &envelope);
		expected_check_envelope(fixture->arena, &envelope, expected);
		expected_check_commands(&envelope.manifest, expected);
		expected_check_severed(fixture->arena, &envelope.manifest, expected);
		expected_check_integrated(fixture->arena, &envelope, expected);
		verify_signers(fixture, &envelope, json_object_get(expected, "signers"));
		assert_int_equal(
			survey_manifest(fixture->arena, &envelope.manifest, &survey, &err), SU_OK);
		expected_check_survey(fixture->arena, &survey, expected);
	}
}

/* The status that the last stage gives which the vector gets to. */
static enum su_status judge_bad(
	const struct fixture *fixture, const char *path, const json_t *bad, struct su_error *err)
{
	static const struct envelope_options options = { 0 };
	const char *stage = json_string_value(json_object_get(bad, "stage"));
	struct su_span bytes = vector_file_read(fixture->arena, path);
	struct envelope envelope;
	struct survey survey;
	enum su_status status = envelope_decode(fixture->arena, bytes, &options, &envelope, err);
	if (strcmp(stage, "decode") == 0)
		return status;
	assert_int_equal(status, SU_OK);
	status = survey_manifest(fixture->arena, &envelope.manifest, &survey, err);
	if (strcmp(stage, "survey") == 0)
		return status;
	assert_int_equal(status, SU_OK);
	struct key *key su_auto(key_free) =
		vector_file_key(fixture->index, json_string_value(json_object_get(bad, "key")));
	return verify(&envelope, 0, 0, key, err);
}

static void test_our_bad_envelopes_are_refused(void **state)
{
	struct fixture *fixture = *state;
	const json_t *all = json_object_get(fixture->index, "bad"), *bad;
	const char *path;
	json_object_foreach((json_t *)all, path, bad)
	{
		struct su_error err = { 0 };
		const char *wanted = json_string_value(json_object_get(bad, "status"));
		enum su_status status = judge_bad(fixture, path, bad, &err);
		print_message("# %s: %s\n", path, err.text);
		assert_string_equal(su_status_name(status), wanted);
		assert_int_not_equal(err.text[0], '\0');
		if (strncmp(path, "bad/old-", 8) == 0)
			assert_non_null(strstr(err.text, "older draft"));
	}
}

static struct key *published_key(struct su_arena *arena, const char *verified_with)
{
	struct key *key = NULL;
	const char *file = strncmp(verified_with, "suit-example", 12) == 0
				   ? "keys/suit-example-p256.pub.pem"
				   : "keys/delegated-p256.pub.pem";
	if (strncmp(verified_with, "hmac", 4) == 0)
		assert_int_equal(key_from_secret(su_span_str(PUBLISHED_SECRET), &key, NULL), SU_OK);
	else
		assert_int_equal(
			key_from_pem(vector_file_read_text(arena, file, true), &key, NULL), SU_OK);
	return key;
}

static void verify_published(
	struct su_arena *arena, const struct envelope *envelope, const json_t *expected)
{
	const json_t *blocks = json_object_get(json_object_get(expected, "auth"), "blocks");
	for (size_t i = 0; i < envelope->n_blocks; i++) {
		struct su_error err = { 0 };
		const char *with = json_string_value(
			json_object_get(json_array_get(blocks, i), "verified_with"));
		struct key *key su_auto(key_free) = published_key(arena, with);
		if (verify(envelope, i, 0, key, &err) != SU_OK)
			fail_msg("block %zu: %s", i, err.text);
	}
}

static void check_published(
	struct su_arena *arena, const char *path, const json_t *expected, size_t *n_inout)
{
	struct envelope envelope;
	struct survey survey;
	print_message("# %s\n", path);
	decode(arena, path, vector_file_read_published(arena, path), true, &envelope);
	expected_check_envelope(arena, &envelope, expected);
	expected_check_commands(&envelope.manifest, expected);
	expected_check_severed(arena, &envelope.manifest, expected);
	expected_check_integrated(arena, &envelope, expected);
	verify_published(arena, &envelope, expected);
	assert_int_equal(survey_manifest(arena, &envelope.manifest, &survey, NULL), SU_OK);
	++*n_inout;
}

static void check_legacy(struct su_arena *arena, const char *path, size_t *n_inout)
{
	static const struct envelope_options options = { 0 };
	struct envelope envelope;
	struct su_error err = { 0 };
	struct su_span bytes = vector_file_read_published(arena, path);
	assert_int_equal(envelope_decode(arena, bytes, &options, &envelope, &err), SU_UNSUPPORTED);
	print_message("# %s: %s\n", path, err.text);
	assert_non_null(strstr(err.text, "older draft"));
	++*n_inout;
}

static void test_published_envelopes_are_as_described(void **state)
{
	struct fixture *fixture = *state;
	const char *path;
	const json_t *expected;
	static const char *const legacy[] = { "legacy/draft09-ex0.hex", "legacy/draft14-ex1.hex",
		"legacy/draft20-ex2.hex" };
	size_t n_decoded = 0, n_legacy = 0;
	if (!vector_file_have_published())
		skip();
	struct su_span text = vector_file_read_text(fixture->arena, "expected.json", true);
	json_t *all = json_loadb((const char *)text.data, text.len, 0, NULL);
	assert_non_null(all);
	json_object_foreach(all, path, expected)
	{
		if (strncmp(path, "legacy/", 7) != 0)
			check_published(fixture->arena, path, expected, &n_decoded);
	}
	json_decref(all);
	for (size_t i = 0; i < sizeof(legacy) / sizeof(legacy[0]); i++)
		check_legacy(fixture->arena, legacy[i], &n_legacy);
	print_message(
		"# %zu envelopes as described, %zu of older drafts refused\n", n_decoded, n_legacy);
	assert_true(n_decoded > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_our_envelopes_are_as_described, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_our_bad_envelopes_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_published_envelopes_are_as_described, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
