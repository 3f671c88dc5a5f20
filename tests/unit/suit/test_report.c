/* SPDX-License-Identifier: Apache-2.0 */
/* SUIT reports: our vectors, published ones, and what we write. */
#include "suit/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/hex.h"
#include "base/memory.h"
#include "vector_file.h"

static void free_json(json_t **json)
{
	json_decref(*json);
}

static int64_t get_int(const json_t *entry, const char *member)
{
	const json_t *value = json_object_get(entry, member);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

static bool get_bool(const json_t *entry, const char *member)
{
	const json_t *value = json_object_get(entry, member);

	assert_true(json_is_boolean(value));
	return json_is_true(value);
}

static void assert_digest(const struct digest *digest, const char *text)
{
	char found[DIGEST_TEXT_SIZE];

	digest_format(digest, found);
	assert_string_equal(found, text);
}

static void check_signature(
	const struct report_container *container, const json_t *index, const json_t *entry)
{
	assert_int_equal(container->signed_or_maced, get_bool(entry, "signed"));
	if (!container->signed_or_maced)
		return;
	struct key *key su_auto(key_free) =
		vector_file_key(index, vector_file_string(entry, "key"));
	assert_int_equal(container->cose.tag, get_int(entry, "tag"));
	assert_int_equal(cose_verify(&container->cose, &container->cose.signatures[0],
				 container->payload, SU_SPAN_EMPTY, key, NULL),
		SU_OK);
}

static void check_content(struct su_arena *arena, const struct report *report, const json_t *entry)
{
	assert_digest(&report->manifest_digest, vector_file_string(entry, "manifest_digest"));
	assert_true(su_span_equal_str(
		report->reference_uri, vector_file_string(entry, "reference_uri")));
	assert_true(su_span_equal(report->nonce, vector_file_bytes(arena, entry, "nonce")));
	assert_int_equal(report->n_records, get_int(entry, "records"));
	assert_int_equal(report->n_claims, get_int(entry, "claims"));
	assert_int_equal(report->success, get_bool(entry, "success"));
	assert_int_equal(report->code, get_int(entry, "code"));
	assert_int_equal(report->reason, get_int(entry, "reason"));
	assert_int_equal(report->duplicate_keys, get_bool(entry, "duplicate_keys"));
	assert_int_equal(report->has_capability_report, get_bool(entry, "capability"));
	if (json_object_get(entry, "image_size"))
		assert_int_equal(report->claims[0].properties.image_size_bytes,
			get_int(entry, "image_size"));
}

/* Whatever was read can be written, and reads the same again; a canonical one is the same bytes. */
static void check_encoding(const struct report *report, struct su_span payload, bool canonical)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct su_buf once su_auto(su_buf_free) = { 0 };
	struct su_buf twice su_auto(su_buf_free) = { 0 };
	struct report again;

	report_encode(report, &once);
	assert_int_equal(su_span_equal(su_buf_span(&once), payload), canonical);
	assert_int_equal(report_decode(arena, su_buf_span(&once), &again, NULL), SU_OK);
	assert_false(again.duplicate_keys);
	report_encode(&again, &twice);
	assert_true(su_span_equal(su_buf_span(&once), su_buf_span(&twice)));
}

static void check_vector(const char *path, const json_t *index, const json_t *entry)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct report_container container;
	struct su_error err = { 0 };
	struct report report;

	struct su_span input = vector_file_read(arena, path);
	enum su_status status = report_open(arena, input, &container, &err);
	if (status != vector_file_status(vector_file_string(entry, "open")))
		fail_msg("%s: opening: %s (%s)", path, su_status_name(status), err.text);
	assert_true(status == SU_OK || err.text[0]);
	if (status != SU_OK)
		return;
	status = report_decode(arena, container.payload, &report, &err);
	if (status != vector_file_status(vector_file_string(entry, "decode")))
		fail_msg("%s: decoding: %s (%s)", path, su_status_name(status), err.text);
	assert_true(status == SU_OK || err.text[0]);
	if (status != SU_OK)
		return;
	check_signature(&container, index, entry);
	check_content(arena, &report, entry);
	check_encoding(&report, container.payload, get_bool(entry, "canonical"));
}

static void test_our_vectors(void **state)
{
	json_t *index su_auto(free_json) = vector_file_index();
	const char *path;
	json_t *entry;
	size_t n = 0;

	(void)state;
	json_object_foreach(json_object_get(index, "reports"), path, entry)
	{
		check_vector(path, index, entry);
		n++;
	}
	assert_true(n >= 40);
}

/* Every prefix of a good report is refused, and nothing is read beyond its end. */
static void test_no_prefix_is_a_report(void **state)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct su_span input = vector_file_read(arena, "reports/failure.hex");
	struct report report;

	(void)state;
	for (size_t len = 0; len < input.len; len++) {
		uint8_t *copy = su_new_bytes(len);
		memcpy(copy, input.data, len);
		assert_int_not_equal(
			report_decode(arena, su_span_of(copy, len), &report, NULL), SU_OK);
		su_free_ptr(&copy);
	}
}

static void test_details_of_a_failure(void **state)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct report report;

	(void)state;
	assert_int_equal(
		report_decode(arena, vector_file_read(arena, "reports/failure.hex"), &report, NULL),
		SU_OK);
	assert_int_equal(report.records[0].n_manifest_id, 0);
	assert_int_equal(report.records[0].section, 20);
	assert_int_equal(report.records[0].offset, 36);
	assert_true(report.has_failed_record);
	assert_int_equal(report.failed_record.n_manifest_id, 2);
	assert_int_equal(report.failed_record.manifest_id[1], 1);
	assert_int_equal(report.failed_record.section, 16);
	assert_int_equal(report.failed_record.offset, 40);
	assert_int_equal(report.failed_record.component_index, 1);
	assert_string_equal(component_id_format(arena, report.claims[0].component), "[h'00']");
	assert_true(parameters_have(&report.claims[0].properties, PARAM_IMAGE_DIGEST));
	assert_true(parameters_have(&report.claims[0].properties, PARAM_VENDOR_IDENTIFIER));
}

/* A device may know properties that we do not: its report still counts. */
static void test_leaves_out_unknown_properties(void **state)
{
	/* {3: [{0: [h'00'], 14: 7, 200: 1, -300: h'', "x": 0}], 4: true, 99: ["", SHA-256 of 0s]} */
	static const char hex[] =
		"a30381a500814100"
		"0e07"
		"18c801"
		"39012b40"
		"617800"
		"04f5"
		"1863"
		"826082"
		"2f5820"
		"0000000000000000000000000000000000000000000000000000000000000000";
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct report report;
	uint8_t bytes[200];
	struct su_error err = { 0 };
	size_t len;

	(void)state;
	assert_int_equal(su_hex_decode(su_span_str(hex), bytes, sizeof(bytes), &len, NULL), SU_OK);
	enum su_status status = report_decode(arena, su_span_of(bytes, len), &report, &err);
	assert_string_equal(err.text, "");
	assert_int_equal(status, SU_OK);
	assert_int_equal(report.n_claims, 1);
	assert_int_equal(report.claims[0].properties.image_size_bytes, 7);
	assert_int_equal(report.claims[0].properties.set, UINT64_C(1) << PARAM_IMAGE_SIZE);
}

static void test_published_report_of_a_success(void **state)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct key *key su_auto(key_free) = NULL;
	struct report_container container;
	struct report report;

	(void)state;
	if (!vector_file_have_published())
		skip();
	struct su_span input =
		vector_file_read_published(arena, "report/libcsuit-ex0-success-sign1.hex");
	assert_int_equal(report_open(arena, input, &container, NULL), SU_OK);
	assert_true(su_span_equal(container.payload,
		vector_file_read_published(arena, "report/libcsuit-ex0-success-payload.hex")));
	struct su_span pem = vector_file_read_text(arena, "keys/device-p256.pub.pem", true);
	assert_int_equal(key_from_pem(pem, &key, NULL), SU_OK);
	assert_int_equal(cose_verify(&container.cose, &container.cose.signatures[0],
				 container.payload, SU_SPAN_EMPTY, key, NULL),
		SU_OK);
	uint8_t thumbprint[32];
	assert_int_equal(key_thumbprint(key, thumbprint, NULL), SU_OK);
	assert_true(su_span_equal(
		container.cose.signatures[0].kid, su_span_of(thumbprint, sizeof(thumbprint))));

	assert_int_equal(report_decode(arena, container.payload, &report, NULL), SU_OK);
	assert_true(report.success);
	assert_true(report.duplicate_keys);
	assert_int_equal(report.reference_uri.len, 0);
	assert_digest(&report.manifest_digest,
		"sha256:6658ea560262696dd1f13b782239a064da7c6c5cbaf52fded428a6fc83c7e5af");
	assert_int_equal(report.n_claims, 1);
	assert_int_equal(report.claims[0].properties.image_size_bytes, 34768);
}

static void test_published_report_of_a_failure(void **state)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct report_container container;
	struct report report;

	(void)state;
	if (!vector_file_have_published())
		skip();
	struct su_span input =
		vector_file_read_published(arena, "report/tam-failure-condition.hex");
	assert_int_equal(report_open(arena, input, &container, NULL), SU_OK);
	assert_int_equal(report_decode(arena, container.payload, &report, NULL), SU_OK);
	assert_false(report.success);
	assert_int_equal(report.code, -1);
	assert_int_equal(report.reason, REASON_CONDITION_FAILED);
	assert_true(report.has_failed_record);
	assert_int_equal(report.failed_record.section, 16);
	assert_int_equal(report.failed_record.offset, 16);
}

static void test_names_of_reasons(void **state)
{
	(void)state;
	assert_string_equal(report_reason_name(REASON_OK), "ok");
	assert_string_equal(report_reason_name(REASON_CONDITION_FAILED), "condition-failed");
	assert_string_equal(report_reason_name(REASON_INVOKE_PENDING), "invoke-pending");
	assert_null(report_reason_name(13));
	assert_null(report_reason_name(-1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_our_vectors),
		cmocka_unit_test(test_no_prefix_is_a_report),
		cmocka_unit_test(test_details_of_a_failure),
		cmocka_unit_test(test_leaves_out_unknown_properties),
		cmocka_unit_test(test_published_report_of_a_success),
		cmocka_unit_test(test_published_report_of_a_failure),
		cmocka_unit_test(test_names_of_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
