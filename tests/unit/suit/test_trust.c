/* SPDX-License-Identifier: Apache-2.0 */
/* Who may sign what: good keys, unknown ones, revoked ones, and keys outside their scope. */
#include "suit/trust.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "made_manifest.h"

static const struct su_uuid vendor = { { 1 } }, class = { { 2 } }, stranger = { { 3 } };

struct fixture {
	struct su_arena *arena;
	struct key *author, *second, *unknown, *secret;
	struct trust_anchor anchors[2];
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	fixture->arena = su_arena_new();
	assert_int_equal(key_generate(KEY_P256, &fixture->author, NULL), SU_OK);
	assert_int_equal(key_generate(KEY_ED25519, &fixture->second, NULL), SU_OK);
	assert_int_equal(key_generate(KEY_P256, &fixture->unknown, NULL), SU_OK);
	assert_int_equal(key_from_secret(su_span_str("0123456789abcdef0123456789abcdef"),
				 &fixture->secret, NULL),
		SU_OK);
	fixture->anchors[0] = (struct trust_anchor){
		.name = "author",
		.purpose = ANCHOR_AUTHOR,
		.spki = key_spki(fixture->arena, fixture->author),
	};
	fixture->anchors[1] = (struct trust_anchor){
		.name = "second",
		.purpose = ANCHOR_AUTHOR,
		.spki = key_spki(fixture->arena, fixture->second),
	};
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	key_free(&fixture->author);
	key_free(&fixture->second);
	key_free(&fixture->unknown);
	key_free(&fixture->secret);
	su_arena_free(&fixture->arena);
	free(fixture);
	return 0;
}

static struct made_manifest targeted(void)
{
	return (struct made_manifest){
		.parameters = {
			.set = MADE_BIT(PARAM_VENDOR_IDENTIFIER) |
				MADE_BIT(PARAM_CLASS_IDENTIFIER),
			.vendor_identifier = su_span_of(vendor.bytes, 16),
			.class_identifier = class,
		},
		.n_conditions = 2,
		.conditions = { CMD_VENDOR_IDENTIFIER, CMD_CLASS_IDENTIFIER },
	};
}

struct judged {
	enum su_status status;
	struct su_error err;
	struct trust_result result;
};

static struct judged judge_made(struct fixture *fixture, const struct made_manifest *made,
	struct key *const *keys, size_t n_keys)
{
	struct judged judged = { 0 };
	struct survey survey;
	struct envelope envelope = made_manifest_envelope(fixture->arena, made, keys, n_keys);
	assert_int_equal(survey_manifest(fixture->arena, &envelope.manifest, &survey, NULL), SU_OK);
	judged.status = trust_judge(fixture->arena, &envelope, &survey, fixture->anchors, 2,
		&judged.result, &judged.err);
	return judged;
}

static struct judged judge(struct fixture *fixture, struct key *key)
{
	struct made_manifest made = targeted();
	return judge_made(fixture, &made, &key, key != NULL);
}

static void test_known_key(void **state)
{
	struct fixture *fixture = *state;
	struct judged judged = judge(fixture, fixture->author);
	assert_int_equal(judged.status, SU_OK);
	assert_int_equal(judged.result.n_verdicts, 1);
	assert_ptr_equal(judged.result.verdicts[0].anchor, &fixture->anchors[0]);
	assert_int_equal(judged.result.verdicts[0].alg, COSE_ESP256);
	judged = judge(fixture, fixture->second);
	assert_int_equal(judged.status, SU_OK);
	assert_ptr_equal(judged.result.verdicts[0].anchor, &fixture->anchors[1]);
}

static void test_unknown_key_and_no_signature(void **state)
{
	struct fixture *fixture = *state;
	struct judged judged = judge(fixture, fixture->unknown);
	assert_int_equal(judged.status, SU_UNAUTHENTIC);
	assert_non_null(strstr(judged.err.text, "another key"));
	assert_string_equal(judged.err.field, "authentication");
	judged = judge(fixture, NULL);
	assert_int_equal(judged.status, SU_UNAUTHENTIC);
	assert_non_null(strstr(judged.err.text, "not signed"));
}

static void test_mac_alone_is_not_enough(void **state)
{
	struct fixture *fixture = *state;
	struct judged judged = judge(fixture, fixture->secret);
	assert_int_not_equal(judged.status, SU_OK);
	assert_non_null(strstr(judged.err.text, "MAC"));
}

static void test_revoked_key(void **state)
{
	struct fixture *fixture = *state;
	fixture->anchors[0].revoked_at_ms = 1;
	struct judged judged = judge(fixture, fixture->author);
	assert_int_equal(judged.status, SU_DENIED);
	assert_non_null(strstr(judged.err.text, "'author' has been revoked"));
}

static void test_device_keys_sign_no_manifests(void **state)
{
	struct fixture *fixture = *state;
	fixture->anchors[0].purpose = ANCHOR_DEVICE;
	fixture->anchors[1].purpose = ANCHOR_DEVICE;
	assert_int_equal(judge(fixture, fixture->author).status, SU_NOT_FOUND);
}

static void test_scope(void **state)
{
	struct fixture *fixture = *state;
	struct trust_anchor *anchor = &fixture->anchors[0];
	anchor->vendor_ids = &vendor;
	anchor->n_vendor_ids = 1;
	assert_int_equal(judge(fixture, fixture->author).status, SU_OK);
	anchor->class_ids = &class;
	anchor->n_class_ids = 1;
	assert_int_equal(judge(fixture, fixture->author).status, SU_OK);
	anchor->class_ids = &stranger;
	struct judged judged = judge(fixture, fixture->author);
	assert_int_equal(judged.status, SU_DENIED);
	assert_non_null(strstr(judged.err.text, "classes"));
	anchor->vendor_ids = &stranger;
	judged = judge(fixture, fixture->author);
	assert_non_null(strstr(judged.err.text, "vendors"));
}

/* Setting an identifier without checking it would let a scoped key sign for everybody. */
static void test_unchecked_identifiers_are_out_of_scope(void **state)
{
	struct fixture *fixture = *state;
	struct made_manifest made = targeted();
	made.n_conditions = 0;
	fixture->anchors[0].vendor_ids = &vendor;
	fixture->anchors[0].n_vendor_ids = 1;
	assert_int_equal(judge_made(fixture, &made, &fixture->author, 1).status, SU_DENIED);
	fixture->anchors[0].n_vendor_ids = 0;
	assert_int_equal(judge_made(fixture, &made, &fixture->author, 1).status, SU_OK);
}

static void test_blocks_are_judged_on_their_own(void **state)
{
	struct fixture *fixture = *state;
	struct made_manifest made = targeted();
	struct key *const keys[] = { fixture->unknown, fixture->second, fixture->secret };
	struct judged judged = judge_made(fixture, &made, keys, 3);
	assert_int_equal(judged.status, SU_OK);
	assert_int_equal(judged.result.n_verdicts, 3);
	assert_int_equal(judged.result.verdicts[0].status, SU_UNAUTHENTIC);
	assert_int_equal(judged.result.verdicts[1].status, SU_OK);
	assert_int_not_equal(judged.result.verdicts[2].status, SU_OK);
	assert_null(judged.result.verdicts[0].anchor);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_known_key, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_unknown_key_and_no_signature, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_mac_alone_is_not_enough, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_revoked_key, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_device_keys_sign_no_manifests, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_scope, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_unchecked_identifiers_are_out_of_scope, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_blocks_are_judged_on_their_own, set_up, tear_down),
	};
	return cmocka_run_group_tests_name("trust", tests, NULL, NULL);
}
