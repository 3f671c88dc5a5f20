/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptions become envelopes that say what was asked for, and faults are named. */
#include "tools/description.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "suit/envelope.h"
#include "suit/survey.h"
#include "tools/whole_file.h"

#define DIGEST_A "sha256:00112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210"
#define DIGEST_B "sha256:0123456789abcdeffedcba987654321000112233445566778899aabbccddeeff"

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

struct made {
	struct envelope envelope;
	struct survey survey;
};

static struct made make(struct su_arena *arena, const char *json, const char *folder)
{
	struct description description;
	struct su_buf bytes = { 0 };
	struct su_error err = { 0 };
	struct made made;
	struct envelope_options options = { 0 };
	if (description_read(arena, su_span_str(json), folder, &description, &err) != SU_OK)
		fail_msg("%s: %s", err.field, err.text);
	assert_int_equal(description_encode(&description, &bytes, &err), SU_OK);
	struct su_span envelope = su_arena_copy(arena, su_buf_span(&bytes));
	su_buf_free(&bytes);
	if (envelope_decode(arena, envelope, &options, &made.envelope, &err) != SU_OK)
		fail_msg("%s: %s", err.field, err.text);
	assert_int_equal(
		survey_manifest(arena, &made.envelope.manifest, &made.survey, &err), SU_OK);
	return made;
}

static void test_one_component(void **state)
{
	struct su_arena *arena = *state;
	struct made made = make(arena,
		"{\"sequence_number\":5,\"version\":\"1.2.0\",\"vendor_domain\":\"arm.com\","
		"\"class_name\":\"x\",\"update_priority\":-3,\"use_before\":\"2030-01-01T00:00:"
		"00Z\","
		"\"minimum_battery_mwh\":20,\"reference_uri\":\"https://example.com/m\","
		"\"components\":[{\"id\":\"['app']\",\"digest\":\"" DIGEST_A "\",\"size\":34768,"
		"\"uri\":\"coap://fw.example.com/app.bin\",\"requires_version\":\">= 1.0\"}]}",
		"");
	char vendor[SU_UUID_TEXT_SIZE];
	assert_int_equal(made.envelope.manifest.sequence_number, 5);
	assert_int_equal(made.survey.n_images, 1);
	assert_string_equal(made.survey.images[0].uri, "coap://fw.example.com/app.bin");
	assert_int_equal(made.survey.images[0].size_bytes, 34768);
	assert_true(made.survey.checks_vendor && made.survey.checks_class);
	su_uuid_format(made.survey.vendor_ids[0], vendor);
	/* suit-manifest's own example of a vendor identifier. */
	assert_string_equal(vendor, "fa6b4a53-d5ad-5fdf-be9d-e663e4d41ffe");
	assert_true(made.survey.has_update_priority);
	assert_int_equal(made.survey.update_priority, -3);
	assert_int_equal(made.survey.use_before_s, 1893456000);
	assert_int_equal(made.survey.minimum_battery_mwh, 20);
}

static void test_slots_give_one_image_each(void **state)
{
	struct made made = make(*state,
		"{\"sequence_number\":1,\"vendor_domain\":\"arm.com\",\"components\":["
		"{\"id\":\"[h'00']\",\"slots\":["
		"{\"slot\":0,\"digest\":\"" DIGEST_A "\",\"size\":1,\"uri\":\"/a\"},"
		"{\"slot\":1,\"digest\":\"" DIGEST_B "\",\"size\":2,\"uri\":\"/b\"}]},"
		"{\"id\":\"['radio']\",\"digest\":\"" DIGEST_B "\",\"size\":3,\"uri\":\"/c\"}]}",
		"");
	assert_int_equal(made.survey.n_images, 3);
	assert_int_equal(made.envelope.manifest.n_components, 2);
	for (size_t i = 0; i < 3; i++) {
		const struct survey_image *image = &made.survey.images[i];
		const char *wanted = image->size_bytes == 1   ? "/a"
				     : image->size_bytes == 2 ? "/b"
							      : "/c";
		assert_string_equal(image->uri, wanted);
	}
}

static void test_integrated_and_severed(void **state)
{
	struct su_arena *arena = *state;
	char folder[] = "/tmp/suitd-description-XXXXXX";
	assert_non_null(mkdtemp(folder));
	const char *image = su_arena_printf(arena, "%s/app.bin", folder);
	assert_int_equal(whole_file_write(image, su_span_str("hello"), 0644, NULL), SU_OK);
	struct made made = make(arena,
		"{\"sequence_number\":1,\"sever\":[\"text\",\"install\"],"
		"\"text\":{\"en-US\":{\"description\":\"d\",\"components\":{\"['app']\":"
		"{\"model_name\":\"m\"}}},\"de\":{\"description\":\"e\"}},"
		"\"components\":[{\"id\":\"['app']\",\"image\":\"app.bin\",\"integrated\":true}]}",
		folder);
	const struct integrated_payload *payload = envelope_payload(&made.envelope, "#app.bin");
	assert_non_null(payload);
	assert_true(su_span_equal_str(payload->content, "hello"));
	assert_true(manifest_member(&made.envelope.manifest, MANIFEST_TEXT)->severed);
	assert_true(manifest_member(&made.envelope.manifest, MANIFEST_INSTALL)->severed);
	assert_true(manifest_member(&made.envelope.manifest, MANIFEST_INSTALL)->present);
	assert_int_equal(made.survey.n_images, 1);
	unlink(image);
	rmdir(folder);
}

static void test_faults_are_named(void **state)
{
	static const struct {
		const char *json, *field;
	} cases[] = {
		{ "{\"components\":[]}", "sequence_number" },
		{ "{\"sequence_number\":1,\"components\":[]}", "components" },
		{ "{\"sequence_number\":1,\"sequenz\":2}", "sequenz" },
		{ "{\"sequence_number\":1,\"components\":[{\"digest\":\"" DIGEST_A
		  "\",\"size\":1}]}",
			"components[0].id" },
		{ "{\"sequence_number\":1,\"components\":[{\"id\":\"['a']\"}]}",
			"components[0].image" },
		{ "{\"sequence_number\":1,\"use_before\":\"soon\",\"components\":[]}",
			"use_before" },
		{ "{\"sequence_number\":1,\"class_name\":\"c\",\"components\":[]}", "class_name" },
		{ "{\"sequence_number\":1,\"wait_info\":{\"moon\":1},\"components\":[]}",
			"wait_info.moon" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct description description;
		struct su_error err = { 0 };
		assert_int_equal(description_read(*state, su_span_str(cases[i].json), "",
					 &description, &err),
			SU_INVALID);
		assert_string_equal(err.field, cases[i].field);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_component, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_slots_give_one_image_each, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_integrated_and_severed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_faults_are_named, set_up, tear_down),
	};
	return cmocka_run_group_tests_name("description", tests, NULL, NULL);
}
