/* SPDX-License-Identifier: Apache-2.0 */
/* Envelopes: what is recorded, what inspecting lets pass, and the small form. */
#include "suit/envelope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "bytes.h"
#include "example.h"

static int set_up(void **state)
{
	*state = su_arena_new();
	return 0;
}

static int tear_down(void **state)
{
	struct su_arena *arena = *state;
	su_arena_free(&arena);
	return 0;
}

/* Text and install are severed; one payload is integrated. */
static struct su_span sample(struct su_arena *arena)
{
	struct manifest_builder *builder = example_builder(arena, 7);
	struct sequence_builder install = { 0 };
	example_put_fetch(&install, "#image");
	example_add(builder, MANIFEST_INSTALL, &install, true);
	manifest_builder_member(
		builder, MANIFEST_TEXT, bytes_of(arena, "a162656ea1016568656c6c6f"), true);
	manifest_builder_integrated(builder, "#image", su_span_str("payload"));
	return example_finish(arena, builder);
}

static enum su_status decode(struct su_arena *arena, struct su_span input, bool inspect,
	struct envelope *out, struct su_error *err)
{
	struct envelope_options options = { .inspect = inspect };
	return envelope_decode(arena, input, &options, out, err);
}

/* Changes one byte where text stands in the input. */
static struct su_span spoil(struct su_arena *arena, struct su_span input, const char *text)
{
	struct su_span copy = su_arena_copy(arena, input);
	uint8_t *at = memmem(copy.data, copy.len, text, strlen(text));
	assert_non_null(at);
	at[strlen(text) - 1] ^= 1;
	return copy;
}

static void test_finds_every_part(void **state)
{
	struct envelope envelope = example_decode(*state, sample(*state));
	assert_true(envelope.tagged);
	assert_true(envelope.manifest_digest_matches);
	assert_int_equal(envelope.n_blocks, 0);
	assert_int_equal(envelope.manifest.sequence_number, 7);
	assert_true(manifest_member(&envelope.manifest, MANIFEST_TEXT)->matches);
	assert_true(su_span_equal_str(envelope_payload(&envelope, "#image")->content, "payload"));
	assert_null(envelope_payload(&envelope, "#imag"));
}

static void test_takes_untagged_only_if_allowed(void **state)
{
	struct su_span input = sample(*state);
	struct su_span bare = su_span_of(input.data + 2, input.len - 2);
	struct envelope_options options = { .allow_untagged = true };
	struct envelope envelope;
	struct su_error err;
	assert_int_equal(envelope_decode(*state, bare, &options, &envelope, &err), SU_OK);
	assert_false(envelope.tagged);
	options.allow_untagged = false;
	assert_int_equal(envelope_decode(*state, bare, &options, &envelope, &err), SU_INVALID);
	assert_non_null(strstr(err.text, "tag 107"));
}

static void test_inspects_a_wrong_manifest_digest(void **state)
{
	struct su_span input = spoil(*state, sample(*state), "\x0e\x19\x87\xd0");
	struct envelope envelope;
	struct su_error err;
	assert_int_equal(decode(*state, input, false, &envelope, &err), SU_UNAUTHENTIC);
	assert_string_equal(err.field, "manifest");
	assert_int_equal(decode(*state, input, true, &envelope, &err), SU_OK);
	assert_false(envelope.manifest_digest_matches);
	assert_int_equal(envelope.manifest.sequence_number, 7);
}

static void test_inspects_a_wrong_severed_member(void **state)
{
	struct su_span input = spoil(*state, sample(*state), "hello");
	struct envelope envelope;
	struct su_error err;
	assert_int_equal(decode(*state, input, false, &envelope, &err), SU_UNAUTHENTIC);
	assert_string_equal(err.field, "manifest.text");
	assert_int_equal(decode(*state, input, true, &envelope, &err), SU_OK);
	assert_true(envelope.manifest_digest_matches);
	const struct manifest_member *text = manifest_member(&envelope.manifest, MANIFEST_TEXT);
	assert_true(text->present && !text->matches);
	assert_true(manifest_member(&envelope.manifest, MANIFEST_INSTALL)->matches);
}

static void test_inspecting_is_as_strict_about_form(void **state)
{
	struct su_span input = sample(*state);
	struct envelope envelope;
	struct su_buf longer su_auto(su_buf_free) = { 0 };
	su_buf_append_span(&longer, input);
	su_buf_append_byte(&longer, 0);
	assert_int_equal(decode(*state, su_buf_span(&longer), true, &envelope, NULL), SU_INVALID);
	struct su_span cut = su_span_of(input.data, input.len - 1);
	assert_int_equal(decode(*state, cut, true, &envelope, NULL), SU_INVALID);
}

static void test_severs_what_is_for_people(void **state)
{
	struct su_buf small su_auto(su_buf_free) = { 0 };
	struct su_span input = sample(*state);
	struct envelope full = example_decode(*state, input);
	envelope_sever(&full, &small);
	assert_true(small.len < input.len);
	struct envelope severed = example_decode(*state, su_buf_span(&small));
	assert_true(digest_equal(&severed.manifest_digest, &full.manifest_digest));
	assert_false(manifest_member(&severed.manifest, MANIFEST_TEXT)->present);
	assert_true(manifest_member(&severed.manifest, MANIFEST_INSTALL)->present);
	assert_non_null(envelope_payload(&severed, "#image"));

	struct su_buf again su_auto(su_buf_free) = { 0 };
	envelope_sever(&severed, &again);
	assert_true(su_span_equal(su_buf_span(&again), su_buf_span(&small)));
}

/* A wrapper with a digest and n blocks; the digest fits no manifest, which is looked at later. */
static enum su_status decode_blocks(struct su_arena *arena, size_t n, struct su_error *err)
{
	struct su_buf wrapper su_auto(su_buf_free) = { 0 };
	struct su_buf all su_auto(su_buf_free) = { 0 };
	struct envelope envelope;
	cbor_put_array(&wrapper, 1 + n);
	cbor_put_bstr(&wrapper,
		bytes_of(arena,
			"822f5820"
			"0000000000000000000000000000000000000000000000000000000000000000"));
	for (size_t i = 0; i < n; i++)
		cbor_put_bstr(&wrapper, bytes_of(arena, "d28443a10128a0f641ff"));
	cbor_put_tag(&all, ENVELOPE_TAG);
	cbor_put_map(&all, 2);
	cbor_put_uint(&all, 2);
	cbor_put_bstr(&all, su_buf_span(&wrapper));
	cbor_put_uint(&all, 3);
	cbor_put_bstr(&all, su_span_str("manifest"));
	return decode(arena, su_arena_copy(arena, su_buf_span(&all)), false, &envelope, err);
}

static void test_bounds_the_number_of_signatures(void **state)
{
	struct su_error err;
	assert_int_equal(decode_blocks(*state, ENVELOPE_MAX_SIGNATURES, &err), SU_UNAUTHENTIC);
	assert_int_equal(decode_blocks(*state, ENVELOPE_MAX_SIGNATURES + 1, &err), SU_TOO_LARGE);
	assert_int_equal(strncmp(err.field, "authentication-wrapper", 22), 0);
}

static void test_bounds_the_number_of_payloads(void **state)
{
	struct manifest_builder *builder = example_builder(*state, 1);
	struct su_buf out su_auto(su_buf_free) = { 0 };
	for (int i = 0; i <= ENVELOPE_MAX_INTEGRATED; i++)
		manifest_builder_integrated(
			builder, su_arena_printf(*state, "#%d", i), su_span_str("x"));
	assert_int_equal(manifest_builder_finish(builder, DIGEST_SHA256, &out, NULL), SU_TOO_LARGE);
	manifest_builder_free(&builder);
}

/* No prefix of an envelope is one, and none makes the decoder read beyond its end. */
static void test_refuses_every_truncation(void **state)
{
	struct su_span input = sample(*state);
	struct envelope envelope;
	for (size_t len = 0; len < input.len; len++) {
		uint8_t *exact = su_new_bytes(len ? len : 1);
		memcpy(exact, input.data, len);
		assert_int_equal(
			decode(*state, su_span_of(exact, len), true, &envelope, NULL), SU_INVALID);
		su_free_ptr(&exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_finds_every_part, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_takes_untagged_only_if_allowed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_inspects_a_wrong_manifest_digest, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_inspects_a_wrong_severed_member, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_inspecting_is_as_strict_about_form, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_severs_what_is_for_people, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_bounds_the_number_of_signatures, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_bounds_the_number_of_payloads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refuses_every_truncation, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
