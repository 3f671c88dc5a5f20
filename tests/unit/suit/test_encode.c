/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests built here: byte for byte those of the specification, and what is found out at the end. */
#include "suit/encode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/memory.h"
#include "bytes.h"
#include "example.h"
#include "vector_file.h"

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

static void add_invoke(struct manifest_builder *builder)
{
	struct sequence_builder invoke = { 0 };
	sequence_put_directive(&invoke, CMD_INVOKE, POLICY_FAIL);
	example_add(builder, MANIFEST_INVOKE, &invoke, false);
}

static void assert_published(
	struct su_arena *arena, struct manifest_builder *builder, const char *path)
{
	struct su_span built = example_finish(arena, builder);
	if (!vector_file_have_published())
		return;
	struct su_span wanted = vector_file_read_published(arena, path);
	assert_string_equal(su_hex_encode_arena(arena, built), su_hex_encode_arena(arena, wanted));
}

static void test_builds_example_0(void **state)
{
	struct manifest_builder *builder = example_builder(*state, 0);
	add_invoke(builder);
	assert_published(*state, builder, "manifest/ex0-unsigned.hex");
}

static void test_builds_example_1(void **state)
{
	struct manifest_builder *builder = example_builder(*state, 1);
	struct sequence_builder install = { 0 };
	example_put_fetch(&install, "http://example.com/file.bin");
	example_add(builder, MANIFEST_INSTALL, &install, false);
	assert_published(*state, builder, "manifest/ex1-unsigned.hex");
}

/* Severed install and text; published is only the signed one, so the manifests are compared. */
static void test_builds_example_2(void **state)
{
	struct sequence_builder install = { 0 };
	if (!vector_file_have_published())
		skip();
	struct envelope published = example_decode(
		*state, vector_file_read_published(*state, "manifest/ex2-signed-full.hex"));
	struct manifest_builder *builder = example_builder(*state, 2);
	example_put_fetch(&install, "http://example.com/very/long/path/to/file/file.bin");
	example_add(builder, MANIFEST_INSTALL, &install, true);
	add_invoke(builder);
	manifest_builder_member(builder, MANIFEST_TEXT,
		manifest_member(&published.manifest, MANIFEST_TEXT)->content, true);
	manifest_builder_reference_uri(builder, "https://git.io/JJYoj");
	struct envelope built = example_decode(*state, example_finish(*state, builder));
	assert_true(su_span_equal(built.manifest_content, published.manifest_content));
	assert_true(digest_equal(&built.manifest_digest, &published.manifest_digest));
	assert_true(manifest_member(&built.manifest, MANIFEST_INSTALL)->matches);
}

static void test_builds_example_3(void **state)
{
	struct manifest_builder *builder = manifest_builder_new(3);
	struct sequence_builder shared su_auto(sequence_builder_free) = { 0 };
	struct sequence_builder validate = { 0 }, install = { 0 };
	manifest_builder_add_component(builder, example_component(*state, "[h'00']"));
	example_put_override(&shared, example_identity(*state));
	example_put_slots(&shared, example_image(EXAMPLE_DIGEST, EXAMPLE_SIZE),
		example_image(EXAMPLE_DIGEST2, EXAMPLE_SIZE2));
	example_put_identity_check(&shared);
	manifest_builder_shared(builder, &shared);
	example_put_slots(&install, example_uri("http://example.com/file1.bin"),
		example_uri("http://example.com/file2.bin"));
	sequence_put_directive(&install, CMD_FETCH, POLICY_FAIL);
	sequence_put_condition(&install, CMD_IMAGE_MATCH, POLICY_ALL);
	example_add(builder, MANIFEST_INSTALL, &install, false);
	sequence_put_condition(&validate, CMD_IMAGE_MATCH, POLICY_ALL);
	example_add(builder, MANIFEST_VALIDATE, &validate, false);
	assert_published(*state, builder, "manifest/ex3-unsigned.hex");
}

static void add_example_4_loading(struct manifest_builder *builder)
{
	struct sequence_builder load = { 0 }, invoke = { 0 };
	struct parameters source = { .set = 1 << PARAM_SOURCE_COMPONENT };
	sequence_put_index(&load, 2);
	example_put_override(
		&load, example_join(source, example_image(EXAMPLE_DIGEST2, EXAMPLE_SIZE2)));
	sequence_put_directive(&load, CMD_COPY, POLICY_FAIL);
	sequence_put_condition(&load, CMD_IMAGE_MATCH, POLICY_ALL);
	example_add(builder, MANIFEST_LOAD, &load, false);
	sequence_put_index(&invoke, 2);
	sequence_put_directive(&invoke, CMD_INVOKE, POLICY_FAIL);
	example_add(builder, MANIFEST_INVOKE, &invoke, false);
}

static void add_example_4_update(struct manifest_builder *builder)
{
	struct sequence_builder fetch = { 0 }, install = { 0 };
	struct parameters digest = { .set = 1 << PARAM_IMAGE_DIGEST,
		.image_digest = example_digest(EXAMPLE_DIGEST) };
	struct parameters source = { .set = 1 << PARAM_SOURCE_COMPONENT, .source_component = 1 };
	sequence_put_index(&fetch, 1);
	example_put_override(
		&fetch, example_join(digest, example_uri("http://example.com/file.bin")));
	sequence_put_directive(&fetch, CMD_FETCH, POLICY_FAIL);
	sequence_put_condition(&fetch, CMD_IMAGE_MATCH, POLICY_ALL);
	example_add(builder, MANIFEST_PAYLOAD_FETCH, &fetch, false);
	sequence_put_index(&install, 0);
	example_put_override(&install, source);
	sequence_put_directive(&install, CMD_COPY, POLICY_FAIL);
	sequence_put_condition(&install, CMD_IMAGE_MATCH, POLICY_ALL);
	example_add(builder, MANIFEST_INSTALL, &install, false);
}

static void test_builds_example_4(void **state)
{
	struct manifest_builder *builder = manifest_builder_new(4);
	struct sequence_builder shared su_auto(sequence_builder_free) = { 0 };
	struct sequence_builder validate = { 0 };
	manifest_builder_add_component(builder, example_component(*state, "[h'00']"));
	manifest_builder_add_component(builder, example_component(*state, "[h'02']"));
	manifest_builder_add_component(builder, example_component(*state, "[h'01']"));
	sequence_put_index(&shared, 0);
	example_put_override(&shared, example_join(example_identity(*state),
					      example_image(EXAMPLE_DIGEST, EXAMPLE_SIZE)));
	example_put_identity_check(&shared);
	manifest_builder_shared(builder, &shared);
	sequence_put_index(&validate, 0);
	sequence_put_condition(&validate, CMD_IMAGE_MATCH, POLICY_ALL);
	example_add(builder, MANIFEST_VALIDATE, &validate, false);
	add_example_4_update(builder);
	add_example_4_loading(builder);
	assert_published(*state, builder, "manifest/ex4-unsigned.hex");
}

static void test_builds_example_5(void **state)
{
	struct manifest_builder *builder = manifest_builder_new(5);
	struct sequence_builder shared su_auto(sequence_builder_free) = { 0 };
	struct sequence_builder validate = { 0 }, install = { 0 }, invoke = { 0 };
	manifest_builder_add_component(builder, example_component(*state, "[h'00']"));
	manifest_builder_add_component(builder, example_component(*state, "[h'01']"));
	sequence_put_index(&shared, 0);
	example_put_override(&shared, example_join(example_identity(*state),
					      example_image(EXAMPLE_DIGEST, EXAMPLE_SIZE)));
	example_put_identity_check(&shared);
	sequence_put_index(&shared, 1);
	example_put_override(&shared, example_image(EXAMPLE_DIGEST2, EXAMPLE_SIZE2));
	for (uint64_t i = 0; i < 2; i++) {
		sequence_put_index(&validate, i);
		sequence_put_condition(&validate, CMD_IMAGE_MATCH, POLICY_ALL);
		sequence_put_index(&install, i);
		example_put_fetch(&install,
			i ? "http://example.com/file2.bin" : "http://example.com/file1.bin");
	}
	sequence_put_index(&invoke, 0);
	sequence_put_directive(&invoke, CMD_INVOKE, POLICY_FAIL);
	manifest_builder_shared(builder, &shared);
	example_add(builder, MANIFEST_INSTALL, &install, false);
	example_add(builder, MANIFEST_INVOKE, &invoke, false);
	example_add(builder, MANIFEST_VALIDATE, &validate, false);
	assert_published(*state, builder, "manifest/ex5-unsigned.hex");
}

static void put_every_nesting(struct sequence_builder *seq)
{
	const uint64_t both[] = { 0, 1 };
	struct sequence_builder inner su_auto(sequence_builder_free) = { 0 };
	sequence_put_directive(&inner, CMD_WAIT, 0);
	sequence_put_index_list(seq, both, 2);
	sequence_put_run(seq, &inner);
	sequence_put_index_all(seq);
	sequence_put_try_each(seq, &inner, 1, true);
}

/* What the examples do not have, decoded again. */
static void test_builds_all_the_rest(void **state)
{
	struct manifest_builder *builder = manifest_builder_new(UINT64_MAX);
	struct sequence_builder resolve = { 0 };
	const struct version version = { 4, { 1, 2, -1, 3 } };
	struct component_id prefix = example_component(*state, "['d']");
	manifest_builder_add_component(builder, example_component(*state, "['a']"));
	manifest_builder_add_component(builder, example_component(*state, "['b', h'0001']"));
	manifest_builder_add_dependency(builder, 7, &prefix);
	manifest_builder_add_dependency(builder, 9, NULL);
	manifest_builder_component_id(builder, example_component(*state, "['whole']"));
	manifest_builder_set_version(builder, &version);
	put_every_nesting(&resolve);
	example_add(builder, MANIFEST_DEPENDENCY_RESOLUTION, &resolve, true);
	manifest_builder_integrated(builder, "#longer", su_span_str("second"));
	manifest_builder_integrated(builder, "#b", su_span_str("first"));

	struct envelope built = example_decode(*state, example_finish(*state, builder));
	assert_true(built.manifest.sequence_number == UINT64_MAX);
	assert_int_equal(built.manifest.set_version.parts[2], -1);
	assert_string_equal(component_id_format(*state, built.manifest.component_id), "['whole']");
	assert_true(manifest_dependency(&built.manifest, 7)->has_prefix);
	assert_false(manifest_dependency(&built.manifest, 9)->has_prefix);
	assert_int_equal(built.n_integrated, 2);
	assert_true(su_span_equal_str(envelope_payload(&built, "#b")->content, "first"));
	assert_true(su_span_equal_str(envelope_payload(&built, "#longer")->content, "second"));
	const struct manifest_member *member =
		manifest_member(&built.manifest, MANIFEST_DEPENDENCY_RESOLUTION);
	assert_int_equal(member->sequence.n_commands, 4);
	assert_true(member->sequence.commands[3].nil_branch);
}

static void test_reports_what_makes_no_manifest(void **state)
{
	struct su_buf out su_auto(su_buf_free) = { 0 };
	struct su_error err = { 0 };
	struct manifest_builder *builder su_auto(manifest_builder_free) =
		example_builder(*state, 1);
	manifest_builder_add_component(builder, example_component(*state, "['second']"));
	assert_int_equal(manifest_builder_finish(builder, DIGEST_SHA256, &out, &err), SU_INVALID);
	assert_non_null(strstr(err.text, "set-component-index"));
	assert_int_equal(out.len, 0);
}

static enum su_status sign(
	struct su_span encoded, bool inspect, const struct key *key, struct su_buf *out)
{
	struct envelope_options options = { .inspect = inspect };
	return envelope_sign(
		encoded, &options, key, cose_alg_for(key), su_span_str("kid"), out, NULL);
}

static void test_signs_and_signs_again(void **state)
{
	struct su_buf once su_auto(su_buf_free) = { 0 };
	struct su_buf twice su_auto(su_buf_free) = { 0 };
	struct key *first su_auto(key_free) = NULL, *second su_auto(key_free) = NULL;
	assert_int_equal(key_generate(KEY_P256, &first, NULL), SU_OK);
	assert_int_equal(key_generate(KEY_ED25519, &second, NULL), SU_OK);
	struct su_span plain = example_finish(*state, example_builder(*state, 1));
	assert_int_equal(sign(plain, false, first, &once), SU_OK);
	assert_int_equal(sign(su_buf_span(&once), false, second, &twice), SU_OK);
	struct envelope envelope = example_decode(*state, su_buf_span(&twice));
	assert_int_equal(envelope.n_blocks, 2);
	assert_true(su_span_equal_str(envelope.blocks[1].signatures[0].kid, "kid"));
	const struct key *keys[] = { first, second };
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(cose_verify(&envelope.blocks[i], &envelope.blocks[i].signatures[0],
					 envelope.digest_encoded, SU_SPAN_EMPTY, keys[i], NULL),
			SU_OK);
}

static void test_signs_no_manifest_with_a_wrong_digest(void **state)
{
	struct su_buf out su_auto(su_buf_free) = { 0 };
	struct key *key su_auto(key_free) = NULL;
	assert_int_equal(key_generate(KEY_P256, &key, NULL), SU_OK);
	struct su_span plain = example_finish(*state, example_builder(*state, 1));
	((uint8_t *)plain.data)[plain.len - 1] ^= 1;
	assert_int_equal(sign(plain, true, key, &out), SU_UNAUTHENTIC);
	assert_int_equal(sign(plain, false, key, &out), SU_UNAUTHENTIC);
	assert_int_equal(out.len, 0);
}

static void test_signs_only_so_often(void **state)
{
	struct key *key su_auto(key_free) = NULL;
	struct su_buf out su_auto(su_buf_free) = { 0 };
	assert_int_equal(
		key_from_secret(su_span_str("0123456789abcdef0123456789abcdef"), &key, NULL),
		SU_OK);
	struct su_span encoded = example_finish(*state, example_builder(*state, 1));
	for (int i = 0; i < ENVELOPE_MAX_SIGNATURES; i++) {
		su_buf_clear(&out);
		assert_int_equal(sign(encoded, false, key, &out), SU_OK);
		encoded = su_arena_copy(*state, su_buf_span(&out));
	}
	assert_int_equal(sign(encoded, false, key, &out), SU_TOO_LARGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_builds_example_0, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_builds_example_1, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_builds_example_2, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_builds_example_3, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_builds_example_4, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_builds_example_5, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_builds_all_the_rest, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_reports_what_makes_no_manifest, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_signs_and_signs_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_signs_no_manifest_with_a_wrong_digest, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_signs_only_so_often, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
