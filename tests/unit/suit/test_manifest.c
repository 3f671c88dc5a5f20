/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests as a whole: members, severing, component indexes, older drafts, and what is refused. */
#include "suit/manifest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/memory.h"
#include "bytes.h"
#include "suit/hash.h"
#include "suit/value_cbor.h"

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

static struct manifest decode(void **state, const char *hex)
{
	struct manifest manifest;
	struct su_error err = { 0 };
	enum su_status status = manifest_decode(*state, bytes_of(*state, hex), &manifest, &err);
	assert_string_equal(err.text, "");
	assert_int_equal(status, SU_OK);
	return manifest;
}

static void assert_refused(void **state, const char *hex, enum su_status status, const char *why)
{
	struct manifest manifest;
	struct su_error err = { 0 };
	assert_int_equal(manifest_decode(*state, bytes_of(*state, hex), &manifest, &err), status);
	if (!strstr(err.text, why))
		assert_string_equal(err.text, why);
}

/* Version 1, sequence number 5, one component [h'00'], no shared sequence. */
#define HEAD "01 01 02 05 03 46 a1 02 81 8141 00"
/* Two components. */
#define HEAD_2 "01 01 02 05 03 49 a1 02 82 8141 00 8141 01"
/* One component and a dependency with index 1 and the prefix ['d']. */
#define HEAD_D "01 01 02 05 03 4e a2 01 a1 01 a1 01 8141 64 02 81 8141 00"

static void test_reads_the_smallest(void **state)
{
	struct manifest manifest = decode(state, "a3" HEAD);
	assert_int_equal(manifest.sequence_number, 5);
	assert_int_equal(manifest.n_components, 1);
	assert_string_equal(component_id_format(*state, manifest.components[0]), "[h'00']");
	assert_int_equal(manifest.n_members, 0);
	assert_false(manifest.has_shared);
	assert_int_equal(manifest.reference_uri.len, 0);
	assert_int_equal(manifest.set_version.n_parts, 0);
	assert_null(manifest_member(&manifest, MANIFEST_INSTALL));
}

static void test_reads_every_plain_member(void **state)
{
	struct manifest manifest = decode(state,
		"a8" HEAD "04 61 75 05 81 41 6d 06 44 83010200 07 43 82030f 18 18 44 82 1821 00");
	assert_true(su_span_equal_str(manifest.reference_uri, "u"));
	assert_true(manifest.has_component_id);
	assert_string_equal(component_id_format(*state, manifest.component_id), "['m']");
	assert_int_equal(manifest.set_version.n_parts, 3);
	assert_int_equal(manifest.set_version.parts[1], 2);
	const struct manifest_member *validate = manifest_member(&manifest, MANIFEST_VALIDATE);
	assert_true(validate->present && validate->matches && !validate->severed);
	assert_int_equal(validate->sequence.commands[0].code, CMD_IMAGE_MATCH);
	const struct manifest_member *uninstall = manifest_member(&manifest, MANIFEST_UNINSTALL);
	assert_int_equal(uninstall->sequence.commands[0].code, CMD_UNLINK);
}

static void test_reads_dependencies(void **state)
{
	struct manifest manifest = decode(state, "a4" HEAD_D "14 47 86 0c 01 0b 00 0c 00");
	assert_int_equal(manifest.n_dependencies, 1);
	const struct manifest_dependency *dependency = manifest_dependency(&manifest, 1);
	assert_non_null(dependency);
	assert_true(dependency->has_prefix);
	assert_string_equal(component_id_format(*state, dependency->prefix), "['d']");
	assert_string_equal(
		component_id_format(*state, manifest_component(&manifest, 0)), "[h'00']");
	assert_int_equal(manifest_component(&manifest, 1).encoded.len, 0);
	assert_null(manifest_dependency(&manifest, 0));
}

/* The install member of the tests below, and a manifest that severs it. */
#define INSTALL "86 14 a1156161 15 02 03 0f"

static struct manifest severed_manifest(void **state, struct su_span install)
{
	struct su_buf hex su_auto(su_buf_free) = { 0 };
	struct digest digest;
	assert_int_equal(hash_compute_bstr(DIGEST_SHA256, install, &digest, NULL), SU_OK);
	su_buf_printf(&hex, "a4" HEAD "14 82 2f 5820 %s",
		su_hex_encode_arena(*state, digest_span(&digest)));
	return decode(state, su_buf_str(&hex));
}

static void test_attaches_a_severed_member(void **state)
{
	struct su_span install = bytes_of(*state, INSTALL);
	struct manifest manifest = severed_manifest(state, install);
	const struct manifest_member *member = manifest_member(&manifest, MANIFEST_INSTALL);
	assert_true(member->severed && !member->present && !member->matches);
	assert_int_equal(
		manifest_attach(*state, &manifest, MANIFEST_INSTALL, install, NULL), SU_OK);
	assert_true(member->present && member->matches);
	assert_int_equal(member->sequence.n_commands, 3);
}

static void test_refuses_a_severed_member_with_another_digest(void **state)
{
	struct su_error err;
	struct manifest manifest = severed_manifest(state, bytes_of(*state, INSTALL));
	struct su_span other = bytes_of(*state, "82 15 02");
	assert_int_equal(
		manifest_attach(*state, &manifest, MANIFEST_INSTALL, other, &err), SU_UNAUTHENTIC);
	assert_string_equal(err.field, "install");
	const struct manifest_member *member = manifest_member(&manifest, MANIFEST_INSTALL);
	assert_true(member->present && !member->matches);
	assert_int_equal(member->sequence.n_commands, 0);
	assert_int_equal(
		manifest_attach(*state, &manifest, MANIFEST_TEXT, other, &err), SU_INVALID);
}

static void test_reads_text_and_coswid(void **state)
{
	/* {"en": {1: "d", [h'00']: {5: "c"}}} */
	struct manifest manifest = decode(
		state, "a5" HEAD "0e 43 820102 17 4f a1 62656e a2 01 6164 8141 00 a1 05 6163");
	assert_true(manifest_member(&manifest, MANIFEST_TEXT)->present);
	assert_true(manifest_member(&manifest, MANIFEST_COSWID)->present);
}

static void test_refuses_bad_text(void **state)
{
	assert_refused(state, "a4" HEAD "17 41 a0", SU_INVALID, "languages");
	assert_refused(state, "a4" HEAD "17 45 a1 01 6164 00", SU_INVALID, "text string");
	assert_refused(state, "a4" HEAD "17 49 a1 62656e a1 01 62c328", SU_INVALID, "UTF-8");
	assert_refused(state, "a4" HEAD "17 47 a1 62656e a1 8001", SU_INVALID, "component");
	assert_refused(state, "a4" HEAD "17 4b a1 62656e a2 01 6164 01 6164", SU_INVALID, "twice");
}

static void test_checks_component_indexes(void **state)
{
	decode(state, "a4" HEAD_2 "14 43 82 0c 01");
	assert_refused(state, "a4" HEAD_2 "14 43 82 0c 02", SU_INVALID, "component 2");
	assert_refused(state, "a4" HEAD_2 "14 45 82 0c 820005", SU_INVALID, "component 5");
	assert_refused(state, "a4" HEAD "14 45 82 14 a11607", SU_INVALID, "component 7");
	assert_refused(state, "a4" HEAD "14 48 82 1822 a1 03 a10e00", SU_INVALID, "component 3");
	assert_refused(state, "a4" HEAD "14 47 82 1823 a1 09 810e", SU_INVALID, "component 9");
	/* In a nested sequence as well. */
	assert_refused(state, "a4" HEAD "14 48 82 1820 44 82 0c 1818", SU_INVALID, "component 24");
}

static void test_sequences_begin_with_an_index(void **state)
{
	decode(state, "a4" HEAD "14 43 82 15 02");
	assert_refused(state, "a4" HEAD_2 "14 43 82 15 02", SU_INVALID, "begin with");
	assert_refused(state, "a4" HEAD_D "14 43 82 15 02", SU_INVALID, "begin with");
	decode(state, "a4" HEAD_2 "14 4a 84 1822 a1 01 a10e00 15 02");
	/* Nested sequences go on with what was selected. */
	decode(state, "a4" HEAD_2 "14 49 84 0c f5 1820 43 820e00");
}

static void test_refuses_older_drafts(void **state)
{
	const char *text = "older draft";
	assert_refused(state, "a4" HEAD "0a 43 82 03 0f", SU_UNSUPPORTED, text);
	assert_refused(state, "a4" HEAD "0c 43 82 17 02", SU_UNSUPPORTED, text);
	assert_refused(state, "a4" HEAD "11 43 82 15 02", SU_UNSUPPORTED, text);
	assert_refused(state, "a4" HEAD "09 48 84 14 a1156161 15 02", SU_UNSUPPORTED, text);
	/* A severed member with the digest algorithm of then. */
	assert_refused(state, "a4" HEAD "14 82 02 41 00", SU_UNSUPPORTED, text);
}

static void test_refuses_what_is_missing_or_unknown(void **state)
{
	assert_refused(state, "a2 01 01 02 05", SU_INVALID, "no common");
	assert_refused(state, "a1 02 05", SU_INVALID, "no manifest-version");
	assert_refused(state, "a3 01 02 02 05 03 46 a1 02 81 8141 00", SU_UNSUPPORTED, "version 2");
	assert_refused(state, "a3 01 01 02 20 03 46 a1 02 81 8141 00", SU_INVALID, "unsigned");
	assert_refused(state, "a3 01 01 02 05 03 41 a0", SU_INVALID, "neither");
	assert_refused(state, "a3 01 01 02 05 03 43 a1 05 00", SU_INVALID, "unknown key 5");
	assert_refused(state, "a3 01 01 02 05 03 49 a1 02 82 8141 00 8141 00", SU_INVALID, "twice");
	assert_refused(state, "a3 01 01 02 05 03 44 a1 02 81 80", SU_INVALID, "component");
	assert_refused(state, "a4" HEAD "1819 00", SU_INVALID, "unknown manifest key 25");
	assert_refused(state, "a4" HEAD "07 82 2f 4100", SU_INVALID, "byte string");
	assert_refused(state, "a4 01 01 02 05 02 05 03 46 a1 02 81 8141 00", SU_INVALID, "twice");
	assert_refused(state, "a3 02 05 01 01 03 46 a1 02 81 8141 00", SU_INVALID, "ascending");
	assert_refused(state, "a3" HEAD "00", SU_INVALID, "follow");
	assert_refused(state, "bf" HEAD "ff", SU_INVALID, "indefinite");
	assert_refused(state, "", SU_INVALID, "ends");
}

static void test_names_keys(void **state)
{
	(void)state;
	assert_string_equal(manifest_key_name(MANIFEST_PAYLOAD_FETCH), "payload-fetch");
	assert_null(manifest_key_name(17));
	assert_null(manifest_key_name(-1));
	assert_string_equal(manifest_key_old_name(17), "install");
	assert_null(manifest_key_old_name(20));
	assert_true(manifest_key_is_severable(MANIFEST_TEXT));
	assert_false(manifest_key_is_severable(MANIFEST_INVOKE));
	assert_true(manifest_key_is_sequence(MANIFEST_INVOKE));
	assert_false(manifest_key_is_sequence(MANIFEST_COSWID));
	assert_true(manifest_key_is_member(MANIFEST_COSWID));
	assert_false(manifest_key_is_member(MANIFEST_COMMON));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_reads_the_smallest, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_reads_every_plain_member, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_reads_dependencies, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_attaches_a_severed_member, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_refuses_a_severed_member_with_another_digest, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_reads_text_and_coswid, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refuses_bad_text, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_checks_component_indexes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_sequences_begin_with_an_index, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refuses_older_drafts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_refuses_what_is_missing_or_unknown, set_up, tear_down),
		cmocka_unit_test(test_names_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
