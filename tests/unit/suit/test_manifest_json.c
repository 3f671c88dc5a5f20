/* SPDX-License-Identifier: Apache-2.0 */
/* The document shown of an envelope, member by member. */
#include "suit/manifest_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
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

static json_t *show(struct su_arena *arena, struct su_span encoded)
{
	static const struct envelope_options options = { .inspect = true };
	struct envelope envelope;
	struct survey survey;
	assert_int_equal(envelope_decode(arena, encoded, &options, &envelope, NULL), SU_OK);
	assert_int_equal(survey_manifest(arena, &envelope.manifest, &survey, NULL), SU_OK);
	return manifest_json(arena, &envelope, &survey);
}

/* Compares one member, written compactly and with sorted keys. */
static void assert_member(const json_t *shown, const char *member, const char *wanted)
{
	const json_t *value = json_object_get(shown, member);
	assert_non_null(value);
	char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
	assert_string_equal(text, wanted);
	free(text);
}

static void test_shows_null_for_what_is_not_there(void **state)
{
	struct manifest_builder *builder = manifest_builder_new(3);
	struct sequence_builder validate = { 0 };
	manifest_builder_add_component(builder, example_component(*state, "[h'00']"));
	sequence_put_condition(&validate, CMD_IMAGE_MATCH, 0);
	example_add(builder, MANIFEST_VALIDATE, &validate, false);
	json_t *shown = show(*state, example_finish(*state, builder));
	assert_member(shown, "manifest_version", "1");
	assert_member(shown, "sequence_number", "3");
	assert_member(shown, "components", "[\"[h'00']\"]");
	const char *nulls[] = { "manifest_component_id", "set_version", "reference_uri",
		"update_priority", "use_before", "minimum_battery" };
	for (size_t i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++)
		assert_member(shown, nulls[i], "null");
	const char *lists[] = { "dependencies", "vendor_ids", "class_ids", "device_ids", "images",
		"authentication", "integrated" };
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		assert_member(shown, lists[i], "[]");
	assert_member(shown, "severed", "{}");
	assert_member(shown, "text", "{}");
	assert_member(shown, "waits", "false");
	assert_member(shown, "tagged", "true");
	assert_member(shown, "digest_match", "true");
	json_decref(shown);
}

static void test_shows_identity_and_images(void **state)
{
	struct sequence_builder install = { 0 };
	struct manifest_builder *builder = example_builder(*state, UINT64_MAX);
	example_put_fetch(&install, "http://example.com/file.bin");
	example_add(builder, MANIFEST_INSTALL, &install, false);
	struct su_span encoded = example_finish(*state, builder);
	json_t *shown = show(*state, encoded);
	assert_member(shown, "sequence_number", "\"18446744073709551615\"");
	assert_member(shown, "vendor_ids", "[\"" EXAMPLE_VENDOR "\"]");
	assert_member(shown, "class_ids", "[\"" EXAMPLE_CLASS "\"]");
	assert_member(shown, "images",
		"[{\"component\":\"[h'00']\",\"component_index\":0,"
		"\"digest\":\"" EXAMPLE_DIGEST "\",\"encrypted\":false,"
		"\"is_dependency\":false,\"size\":34768,\"slot\":null,"
		"\"uri\":\"http://example.com/file.bin\"}]");
	assert_int_equal(json_integer_value(json_object_get(shown, "envelope_bytes")),
		(json_int_t)encoded.len);
	assert_member(shown, "warnings", "[\"the envelope is not signed\"]");
	json_decref(shown);
}

static void test_shows_nested_commands(void **state)
{
	struct manifest_builder *builder = manifest_builder_new(1);
	struct sequence_builder shared su_auto(sequence_builder_free) = { 0 };
	struct sequence_builder inner su_auto(sequence_builder_free) = { 0 };
	struct sequence_builder install = { 0 };
	manifest_builder_add_component(builder, example_component(*state, "['a']"));
	sequence_put_condition(&shared, CMD_VENDOR_IDENTIFIER, 0);
	manifest_builder_shared(builder, &shared);
	sequence_put_condition(&inner, CMD_ABORT, 0);
	sequence_put_run(&install, &inner);
	sequence_put_try_each(&install, &inner, 1, true);
	/* a custom command */
	cbor_put_int(&install.items, -300);
	cbor_put_null(&install.items);
	install.n_items += 2;
	example_add(builder, MANIFEST_INSTALL, &install, false);
	json_t *shown = show(*state, example_finish(*state, builder));
	assert_member(shown, "sections",
		"{\"install\":["
		"{\"branches\":[[{\"code\":14,\"name\":\"abort\",\"offset\":1}]],"
		"\"code\":32,\"name\":\"run-sequence\",\"offset\":1},"
		"{\"branches\":[[{\"code\":14,\"name\":\"abort\",\"offset\":1}]],"
		"\"code\":15,\"name\":\"try-each\",\"offset\":7,\"or_nothing\":true},"
		"{\"code\":-300,\"name\":null,\"offset\":14}],"
		"\"shared\":[{\"code\":1,\"name\":\"vendor-identifier\",\"offset\":1}]}");
	json_decref(shown);
}

static struct su_span severed_sample(struct su_arena *arena)
{
	/* {"en": {1: "a\n\x1b[31mb", 9: "?", [h'00']: {3: "arm.com"}}} */
	const char *text =
		"a162656ea3 01 68 610a1b5b33316d62 09 613f 814100 a1 03 6761726d2e636f6d";
	struct manifest_builder *builder = example_builder(arena, 1);
	manifest_builder_member(builder, MANIFEST_TEXT, bytes_of(arena, text), true);
	manifest_builder_integrated(builder, "#x", su_span_str("abc"));
	return example_finish(arena, builder);
}

static void test_shows_text_without_control_characters(void **state)
{
	json_t *shown = show(*state, severed_sample(*state));
	assert_member(shown, "text",
		"{\"en\":{\"9\":\"?\",\"components\":{\"[h'00']\":{\"vendor-domain\":\"arm.com\"}},"
		"\"manifest-description\":\"a [31mb\"}}");
	assert_member(shown, "integrated",
		"[{\"digest\":\"sha256:"
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\","
		"\"key\":\"#x\",\"size\":3}]");
	json_decref(shown);
}

static json_t *severed_text(const json_t *shown)
{
	return json_object_get(json_object_get(shown, "severed"), "text");
}

static void test_shows_what_does_not_match(void **state)
{
	struct su_span encoded = severed_sample(*state);
	uint8_t *at = memmem(encoded.data, encoded.len, "arm.com", 7);
	json_t *shown = show(*state, encoded);
	assert_member(severed_text(shown), "present", "true");
	assert_member(severed_text(shown), "match", "true");
	json_decref(shown);

	at[0] = 'A';
	shown = show(*state, encoded);
	assert_member(severed_text(shown), "present", "true");
	assert_member(severed_text(shown), "match", "false");
	assert_member(shown, "text", "{}");
	assert_member(shown, "digest_match", "true");
	json_decref(shown);

	struct su_buf small su_auto(su_buf_free) = { 0 };
	at[0] = 'a';
	struct envelope envelope = example_decode(*state, encoded);
	envelope_sever(&envelope, &small);
	shown = show(*state, su_buf_span(&small));
	assert_member(severed_text(shown), "present", "false");
	assert_member(severed_text(shown), "match", "null");
	json_decref(shown);
}

static void test_shows_management_and_dependencies(void **state)
{
	struct manifest_builder *builder = manifest_builder_new(1);
	struct sequence_builder install = { 0 };
	struct component_id prefix = example_component(*state, "['d']");
	const struct version version = { 3, { 1, 0, 0 } };
	struct parameters timing = { .set = 1 << PARAM_UPDATE_PRIORITY | 1 << PARAM_USE_BEFORE |
					    1 << PARAM_MINIMUM_BATTERY,
		.update_priority = -3,
		.use_before_s = 1696291200,
		.minimum_battery_mwh = 10 };
	manifest_builder_add_component(builder, example_component(*state, "['a']"));
	manifest_builder_add_dependency(builder, 1, &prefix);
	manifest_builder_component_id(builder, example_component(*state, "['m']"));
	manifest_builder_set_version(builder, &version);
	manifest_builder_reference_uri(builder, "https://example.com/full");
	sequence_put_index(&install, 1);
	example_put_override(&install, timing);
	example_put_fetch(&install, "d.suit");
	example_add(builder, MANIFEST_INSTALL, &install, false);
	json_t *shown = show(*state, example_finish(*state, builder));
	assert_member(shown, "dependencies", "[{\"index\":1,\"prefix\":\"['d']\"}]");
	assert_member(shown, "manifest_component_id", "\"['m']\"");
	assert_member(shown, "set_version", "[1,0,0]");
	assert_member(shown, "reference_uri", "\"https://example.com/full\"");
	assert_member(shown, "update_priority", "-3");
	assert_member(shown, "use_before", "\"2023-10-03T00:00:00Z\"");
	assert_member(shown, "minimum_battery", "10");
	const json_t *image = json_array_get(json_object_get(shown, "images"), 0);
	assert_member(image, "component", "null");
	assert_member(image, "is_dependency", "true");
	assert_member(image, "digest", "null");
	assert_int_equal(json_array_size(json_object_get(shown, "warnings")), 3);
	json_decref(shown);
}

static void test_a_date_beyond_dates_is_the_last(void **state)
{
	struct manifest_builder *builder = example_builder(*state, 1);
	struct sequence_builder install = { 0 };
	example_put_override(&install,
		(struct parameters){ .set = 1 << PARAM_USE_BEFORE, .use_before_s = UINT64_MAX });
	example_add(builder, MANIFEST_INSTALL, &install, false);
	json_t *shown = show(*state, example_finish(*state, builder));
	assert_member(shown, "use_before", "\"9999-12-31T23:59:59Z\"");
	json_decref(shown);
}

static void test_shows_who_signed(void **state)
{
	static const struct envelope_options options = { 0 };
	struct su_buf once su_auto(su_buf_free) = { 0 };
	struct su_buf twice su_auto(su_buf_free) = { 0 };
	struct key *key su_auto(key_free) = NULL, *secret su_auto(key_free) = NULL;
	assert_int_equal(key_generate(KEY_P256, &key, NULL), SU_OK);
	assert_int_equal(
		key_from_secret(su_span_str("0123456789abcdef0123456789abcdef"), &secret, NULL),
		SU_OK);
	struct su_span plain = example_finish(*state, example_builder(*state, 1));
	assert_int_equal(
		envelope_sign(plain, &options, key, COSE_ES256, su_span_str("k"), &once, NULL),
		SU_OK);
	assert_int_equal(envelope_sign(su_buf_span(&once), &options, secret, COSE_HMAC_256,
				 SU_SPAN_EMPTY, &twice, NULL),
		SU_OK);
	json_t *shown = show(*state, su_buf_span(&twice));
	assert_member(shown, "authentication",
		"[{\"alg\":\"ES256\",\"kid\":\"6b\",\"type\":\"COSE_Sign1\"},"
		"{\"alg\":\"HMAC-256\",\"kid\":null,\"type\":\"COSE_Mac0\"}]");
	assert_member(shown, "warnings", "[]");
	json_decref(shown);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_shows_null_for_what_is_not_there),
		TEST(test_shows_identity_and_images),
		TEST(test_shows_nested_commands),
		TEST(test_shows_text_without_control_characters),
		TEST(test_shows_what_does_not_match),
		TEST(test_shows_management_and_dependencies),
		TEST(test_a_date_beyond_dates_is_the_last),
		TEST(test_shows_who_signed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
