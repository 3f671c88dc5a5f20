/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests that get in, and each kind that does not: then nothing is stored. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "model/role.h"
#include "store/anchor_store.h"
#include "store/image_store.h"
#include "suit/hash.h"
#include "tracker/release_approval.h"
#include "tracker_fixture.h"

#define IMAGE       su_span_str("bytes of an image")
#define OTHER_CLASS "00000000-0000-5000-8000-000000000001"

static struct firmware firmware(uint64_t sequence_number)
{
	return (struct firmware){
		.sequence_number = sequence_number,
		.uri = "https://FW.example.com:443/fw/../fw/app.bin?x=1",
		.image = IMAGE,
	};
}

static enum su_status take_in(struct fixture *fixture, struct su_span envelope,
	struct intake_result *out, struct su_error *err)
{
	const struct intake_opts opts = fixture_intake_opts();
	const struct intake_request request = {
		.envelope = envelope,
		.labels_json = "{\"cvss\": 9.8}",
		.kind = KIND_SECURITY,
		.actor = "pipeline",
		.now_ms = fixture_now(fixture),
	};
	return intake_manifest(&opts, fixture_conn(fixture), fixture_blobs(fixture),
		fixture_arena(fixture), &request, out, err);
}

static void assert_refused(
	struct fixture *fixture, struct su_span envelope, enum su_status status, const char *words)
{
	struct intake_result result;
	struct su_error error = { 0 };
	const char *before = fixture_sql(fixture, "SELECT count(*) FROM release");
	enum su_status found = take_in(fixture, envelope, &result, &error);
	if (found != status || (words && !strstr(error.text, words)))
		fail_msg("%s: %s %s", su_status_name(found), error.field, error.text);
	assert_int_equal(error.status, status);
	assert_string_equal(fixture_sql(fixture, "SELECT count(*) FROM release"), before);
}

static struct su_span signed_firmware(struct fixture *fixture, const struct firmware *what)
{
	return author_write(fixture_arena(fixture), what, fixture_author(fixture));
}

/* A copy with one byte changed. */
static struct su_span altered(struct fixture *fixture, struct su_span span, size_t at)
{
	struct su_span copy = su_arena_copy(fixture_arena(fixture), span);
	((uint8_t *)copy.data)[at] ^= 1;
	return copy;
}

static size_t find(struct su_span span, const void *bytes, size_t len)
{
	for (size_t at = 0; at + len <= span.len; at++)
		if (memcmp(span.data + at, bytes, len) == 0)
			return at;
	fail_msg("not found");
	return 0;
}

static void trust(struct fixture *fixture, const struct key *key, struct trust_anchor anchor)
{
	uint8_t thumbprint[32];
	assert_int_equal(key_thumbprint(key, thumbprint, NULL), SU_OK);
	anchor.id = su_uuid_v7(FIXTURE_NOW);
	anchor.name = "another author";
	anchor.purpose = ANCHOR_AUTHOR;
	anchor.spki = key_spki(fixture_arena(fixture), key);
	anchor.key_type = "P-256";
	anchor.thumbprint = su_span_of(thumbprint, sizeof(thumbprint));
	anchor.created_at_ms = FIXTURE_NOW;
	struct txn txn = txn_begin(fixture_conn(fixture));
	anchor_store_insert(&txn, &anchor, "test");
	if (anchor.revoked_at_ms)
		anchor_store_revoke(&txn, anchor.id, "lost", anchor.revoked_at_ms);
	assert_int_equal(txn_commit(&txn, NULL), SU_OK);
}

static void a_manifest_becomes_a_release_when_its_image_comes(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct firmware what = firmware(5);
	what.severed_text = true;
	struct su_span envelope = signed_firmware(fixture, &what);
	struct intake_result result;
	assert_int_equal(take_in(fixture, envelope, &result, NULL), SU_OK);
	assert_true(result.created);
	assert_int_equal(result.trust.n_verdicts, 1);
	assert_int_equal(result.trust.verdicts[0].status, SU_OK);
	assert_int_equal(result.release.state, RELEASE_INCOMPLETE);
	assert_true(result.release.targeted);
	assert_int_equal(result.release.kind, KIND_SECURITY);
	assert_true(result.release.severed_envelope_bytes < result.release.envelope_bytes);
	assert_true(blob_exists(fixture_blobs(fixture), &result.release.severed_envelope));
	assert_int_equal(result.release.n_images, 1);
	assert_true(result.release.images[0].hosted);
	assert_false(result.release.images[0].present);
	assert_string_equal(fixture_sql(fixture, "SELECT path FROM public_path"), "/fw/app.bin");

	fixture_put_image(fixture, IMAGE);
	assert_int_equal(take_in(fixture, envelope, &result, NULL), SU_OK);
	assert_false(result.created);
	assert_int_equal(result.release.state, RELEASE_VERIFIED);
	assert_true(result.release.images[0].present);
	assert_string_equal(fixture_sql(fixture, "SELECT count(*) FROM audit"
						 " WHERE action = 'manifest.publish'"),
		"1");
}

static void an_image_of_another_length_completes_nothing(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct firmware what = firmware(5);
	what.size_bytes = IMAGE.len + 1;
	struct intake_result result;
	struct su_span envelope = signed_firmware(fixture, &what);
	assert_int_equal(take_in(fixture, envelope, &result, NULL), SU_OK);
	fixture_put_image(fixture, IMAGE);
	assert_int_equal(take_in(fixture, envelope, &result, NULL), SU_OK);
	assert_int_equal(result.release.state, RELEASE_INCOMPLETE);
	struct su_error error;
	const struct approval_request approval = {
		.release = &result.release.digest,
		.actor = "operator",
		.capabilities = CAN_OPERATE,
		.now_ms = FIXTURE_NOW,
	};
	struct release release;
	assert_int_equal(release_approval_give(fixture_conn(fixture), fixture_arena(fixture),
				 &approval, &release, &error),
		SU_CONFLICT);
	assert_non_null(strstr(error.text, "has 17 bytes, the manifest says 18"));
	/* With the image here, the next such manifest is wrong from the start. */
	what.sequence_number = 6;
	assert_refused(fixture, signed_firmware(fixture, &what), SU_INVALID, "17");
}

static void what_is_altered_on_the_way_is_refused(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct firmware what = firmware(5);
	struct su_span good = signed_firmware(fixture, &what);
	struct digest image = author_digest(IMAGE);
	/* In the manifest, in the wrapper's digest, and in the signature. */
	size_t in_manifest = find(good, image.bytes, image.len);
	assert_refused(fixture, altered(fixture, good, in_manifest), SU_UNAUTHENTIC, "digest");
	const uint8_t wrapper[] = { 0x58, 0x24, 0x82, 0x2f, 0x58, 0x20 };
	size_t in_digest = find(good, wrapper, sizeof(wrapper)) + sizeof(wrapper);
	assert_refused(fixture, altered(fixture, good, in_digest), SU_UNAUTHENTIC, "digest");
	assert_refused(fixture, altered(fixture, good, in_digest + 32 + 20), SU_UNAUTHENTIC, NULL);
}

static void malformed_envelopes_are_refused(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct firmware what = firmware(5);
	struct su_span good = signed_firmware(fixture, &what);
	struct su_buf longer su_auto(su_buf_free) = { 0 };
	su_buf_append_span(&longer, good);
	su_buf_append_byte(&longer, 0);
	assert_refused(fixture, su_buf_span(&longer), SU_INVALID, NULL);
	for (size_t len = 0; len < good.len; len += 7)
		assert_refused(fixture, su_span_of(good.data, len), SU_INVALID, NULL);
	/* Tag 108, and no tag at all. */
	assert_refused(fixture, altered(fixture, good, 1), SU_INVALID, NULL);
	assert_refused(fixture, su_span_of(good.data + 2, good.len - 2), SU_INVALID, NULL);
	/* An envelope of indefinite length. */
	struct su_buf open su_auto(su_buf_free) = { 0 };
	su_buf_append(&open, "\xd8\x6b\xbf", 3);
	su_buf_append(&open, good.data + 3, good.len - 3);
	su_buf_append_byte(&open, 0xff);
	assert_refused(fixture, su_buf_span(&open), SU_INVALID, NULL);
	uint8_t big[100001] = { 0 };
	assert_refused(fixture, su_span_of(big, sizeof(big)), SU_TOO_LARGE, "100000");
}

static void who_did_not_sign_is_refused(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct firmware what = firmware(5);
	struct su_span unsigned_one = author_draw_up(fixture_arena(fixture), &what);
	assert_refused(fixture, unsigned_one, SU_UNAUTHENTIC, "not signed");
	struct key *stranger su_auto(key_free) = author_key();
	struct su_span strange = author_sign(fixture_arena(fixture), unsigned_one, stranger);
	struct intake_result result;
	struct su_error error;
	assert_int_equal(take_in(fixture, strange, &result, &error), SU_UNAUTHENTIC);
	assert_int_equal(result.trust.n_verdicts, 1);
	assert_null(result.trust.verdicts[0].anchor);
	struct key *secret su_auto(key_free) = NULL;
	assert_int_equal(
		key_from_secret(su_span_str("0123456789abcdef0123456789abcdef"), &secret, NULL),
		SU_OK);
	assert_refused(fixture, author_sign(fixture_arena(fixture), unsigned_one, secret),
		SU_UNAUTHENTIC, "MAC");
	/* One good signature among others is enough. */
	assert_int_equal(
		take_in(fixture,
			author_sign(fixture_arena(fixture), strange, fixture_author(fixture)),
			&result, &error),
		SU_OK);
	assert_int_equal(result.trust.n_verdicts, 2);
}

static void a_key_signs_only_in_its_scope_and_time(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct key *scoped su_auto(key_free) = author_key();
	struct key *revoked su_auto(key_free) = author_key();
	const struct su_uuid class_id = author_uuid(OTHER_CLASS);
	trust(fixture, scoped, (struct trust_anchor){ .n_class_ids = 1, .class_ids = &class_id });
	trust(fixture, revoked, (struct trust_anchor){ .revoked_at_ms = FIXTURE_NOW });
	struct firmware what = firmware(5);
	struct su_arena *arena = fixture_arena(fixture);
	assert_refused(fixture, author_write(arena, &what, scoped), SU_DENIED, NULL);
	assert_refused(fixture, author_write(arena, &what, revoked), SU_DENIED, NULL);
	what.untargeted = true;
	assert_refused(fixture, author_write(arena, &what, scoped), SU_DENIED, NULL);
	what.untargeted = false;
	what.class_id = OTHER_CLASS;
	struct intake_result result;
	assert_int_equal(
		take_in(fixture, author_write(arena, &what, scoped), &result, NULL), SU_OK);
}

static void sequence_numbers_rise(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct firmware what = firmware(5), lower = firmware(4), equal = firmware(5);
	struct intake_result result;
	equal.reference_uri = "https://example.com/other";
	assert_int_equal(take_in(fixture, signed_firmware(fixture, &what), &result, NULL), SU_OK);
	assert_refused(fixture, signed_firmware(fixture, &lower), SU_CONFLICT, "not greater");
	assert_refused(fixture, signed_firmware(fixture, &equal), SU_CONFLICT, "not greater");
	/* Another component is another scope. */
	lower.component = "[h'01']";
	assert_int_equal(take_in(fixture, signed_firmware(fixture, &lower), &result, NULL), SU_OK);
}

static void a_path_never_changes_its_content(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct firmware what = firmware(5), other = firmware(6);
	struct intake_result result;
	other.image = su_span_str("other bytes");
	other.uri = "/fw/app.bin";
	assert_int_equal(take_in(fixture, signed_firmware(fixture, &what), &result, NULL), SU_OK);
	assert_refused(fixture, signed_firmware(fixture, &other), SU_CONFLICT, "/fw/app.bin");
}

static void uris_that_we_cannot_serve_are_refused(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct firmware what = firmware(5);
	what.uri = "/api/v1/tokens";
	assert_refused(fixture, signed_firmware(fixture, &what), SU_INVALID, "/api/v1/tokens");
	what.uri = "#nothing";
	assert_refused(fixture, signed_firmware(fixture, &what), SU_INVALID, "#nothing");
	what.uri = "/fw/app.bin";
	what.no_digest = true;
	assert_refused(fixture, signed_firmware(fixture, &what), SU_INVALID, "missing");
	what = firmware(5);
	what.uri = "/blob/00000000000000000000000000000000000000000000000000000000000000ff";
	assert_refused(fixture, signed_firmware(fixture, &what), SU_INVALID, "another blob");
	/* Somebody else's file is not our business. */
	what.uri = "https://elsewhere.example.com/app.bin";
	struct intake_result result;
	assert_int_equal(take_in(fixture, signed_firmware(fixture, &what), &result, NULL), SU_OK);
	assert_int_equal(result.release.state, RELEASE_VERIFIED);
	assert_false(result.release.images[0].hosted);
}

static void integrated_payloads_are_checked(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct firmware what = firmware(5);
	what.uri = what.integrated_key = "#app";
	what.integrated = su_span_str("bytes of an imagE");
	assert_refused(fixture, signed_firmware(fixture, &what), SU_UNAUTHENTIC, "#app");
	what.integrated = su_span_str("bytes of an image and more");
	assert_refused(fixture, signed_firmware(fixture, &what), SU_INVALID, "says 17 bytes");
	what.integrated = IMAGE;
	struct intake_result result;
	assert_int_equal(take_in(fixture, signed_firmware(fixture, &what), &result, NULL), SU_OK);
	assert_int_equal(result.release.state, RELEASE_VERIFIED);
	assert_true(result.release.images[0].integrated);
}

static struct digest manifest_digest(struct fixture *fixture, struct su_span envelope)
{
	const struct envelope_options options = { 0 };
	struct envelope decoded;
	assert_int_equal(
		envelope_decode(fixture_arena(fixture), envelope, &options, &decoded, NULL), SU_OK);
	return decoded.manifest_digest;
}

static struct firmware dependent(struct fixture *fixture, struct su_span dependency)
{
	return (struct firmware){
		.sequence_number = 9,
		.component = "[h'02']",
		.is_dependency = true,
		.image_digest = manifest_digest(fixture, dependency),
		.size_bytes = dependency.len,
		.uri = "#dependency",
		.integrated_key = "#dependency",
		.integrated = dependency,
	};
}

static void integrated_dependencies_are_judged_like_manifests(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct su_arena *arena = fixture_arena(fixture);
	struct firmware part = firmware(5);
	struct su_span good = signed_firmware(fixture, &part);
	struct firmware what = dependent(fixture, author_draw_up(arena, &part));
	assert_refused(fixture, signed_firmware(fixture, &what), SU_UNAUTHENTIC, NULL);
	part.sequence_number = 6;
	what = dependent(fixture, good);
	what.integrated = signed_firmware(fixture, &part);
	what.size_bytes = what.integrated.len;
	assert_refused(fixture, signed_firmware(fixture, &what), SU_UNAUTHENTIC, "manifest digest");
	what = dependent(fixture, good);
	struct intake_result result;
	assert_int_equal(take_in(fixture, signed_firmware(fixture, &what), &result, NULL), SU_OK);
	/* It waits for the image of its dependency. */
	assert_int_equal(result.release.state, RELEASE_INCOMPLETE);
	fixture_put_image(fixture, IMAGE);
	assert_string_equal(fixture_sql(fixture, "SELECT state FROM release"), "verified");
}

static void a_dependency_may_come_later(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct firmware part = firmware(5);
	part.uri = "https://elsewhere.example.com/part.bin";
	struct su_span envelope = signed_firmware(fixture, &part);
	struct firmware what = dependent(fixture, envelope);
	what.integrated_key = NULL;
	what.uri = "/fw/part.suit";
	struct intake_result result;
	assert_int_equal(take_in(fixture, signed_firmware(fixture, &what), &result, NULL), SU_OK);
	assert_int_equal(result.release.state, RELEASE_INCOMPLETE);
	assert_int_equal(take_in(fixture, envelope, &result, NULL), SU_OK);
	assert_string_equal(fixture_sql(fixture, "SELECT string_agg(state, ',') FROM release"),
		"verified,verified");
	assert_string_equal(fixture_sql(fixture, "SELECT blob = (SELECT envelope FROM release"
						 " WHERE sequence_number = 5)"
						 " FROM public_path"),
		"t");
}

static struct firmware fetched_dependent(struct fixture *fixture, struct su_span dependency)
{
	struct firmware what = dependent(fixture, dependency);
	what.integrated_key = NULL;
	what.uri = "/fw/part.suit";
	return what;
}

static const char *states(struct fixture *fixture)
{
	return fixture_sql(
		fixture, "SELECT string_agg(state, ',' ORDER BY sequence_number) FROM release");
}

static void a_dependent_waits_for_all_below(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct firmware part = firmware(5);
	struct su_span envelope = signed_firmware(fixture, &part);
	struct firmware middle = fetched_dependent(fixture, envelope);
	struct su_span middle_envelope = signed_firmware(fixture, &middle);
	struct firmware top = fetched_dependent(fixture, middle_envelope);
	top.sequence_number = 10;
	top.component = "[h'03']";
	top.uri = "/fw/middle.suit";
	struct intake_result result;
	/* Some come before what they depend on, some after it. */
	assert_int_equal(take_in(fixture, signed_firmware(fixture, &top), &result, NULL), SU_OK);
	assert_string_equal(states(fixture), "incomplete");
	assert_int_equal(take_in(fixture, envelope, &result, NULL), SU_OK);
	assert_int_equal(take_in(fixture, middle_envelope, &result, NULL), SU_OK);
	assert_string_equal(states(fixture), "incomplete,incomplete,incomplete");
	assert_string_equal(
		release_image_problem(fixture_arena(fixture), &result.release.images[0]),
		"is a dependency that is incomplete itself");
	fixture_put_image(fixture, IMAGE);
	assert_string_equal(states(fixture), "verified,verified,verified");
	assert_string_equal(
		fixture_sql(fixture, "SELECT count(*) FROM public_path WHERE blob IS NULL"), "0");
	assert_string_equal(
		fixture_sql(
			fixture, "SELECT sum(value) FROM counter WHERE name = 'releases.verified'"),
		"3");
}

static void hosted_images_need_sha256(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct firmware what = firmware(5);
	assert_int_equal(hash_compute(DIGEST_SHA384, IMAGE, &what.image_digest, NULL), SU_OK);
	assert_refused(
		fixture, signed_firmware(fixture, &what), SU_UNSUPPORTED, "must be SHA-256 for");
	what.uri = "/blob/00000000000000000000000000000000000000000000000000000000000000ff";
	assert_refused(
		fixture, signed_firmware(fixture, &what), SU_UNSUPPORTED, "must be SHA-256 for");
	/* Elsewhere and in the envelope any will do. */
	what.uri = what.integrated_key = "#app";
	what.integrated = IMAGE;
	struct intake_result result;
	assert_int_equal(take_in(fixture, signed_firmware(fixture, &what), &result, NULL), SU_OK);
	assert_int_equal(result.release.state, RELEASE_VERIFIED);
}

static void published_example_keys_need_an_option(void **state)
{
	struct fixture *fixture = fixture_of(state);
	static const char pem[] =
		"-----BEGIN PRIVATE KEY-----\n"
		"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgApZYjZCUGLM50VBC\n"
		"CjYStX+09jGmnyJPrpDLTz/hiXOhRANCAASEloEarguqq9JhVxie7NomvqqL8Rtv\n"
		"P+bitWWchdvArTsfKktsCYExwKNtrNHXi9OB3N+wnAUtszmR23M4tKiW\n"
		"-----END PRIVATE KEY-----\n";
	struct key *example su_auto(key_free) = NULL;
	assert_int_equal(key_from_pem(su_span_str(pem), &example, NULL), SU_OK);
	assert_true(key_is_published_example(example));
	trust(fixture, example, (struct trust_anchor){ 0 });
	struct firmware what = firmware(5);
	struct su_span envelope = author_write(fixture_arena(fixture), &what, example);
	assert_refused(fixture, envelope, SU_DENIED, "published");
	struct intake_opts opts = fixture_intake_opts();
	opts.allow_example_keys = true;
	const struct intake_request request = { .envelope = envelope, .actor = "laboratory" };
	struct intake_result result;
	assert_int_equal(intake_manifest(&opts, fixture_conn(fixture), fixture_blobs(fixture),
				 fixture_arena(fixture), &request, &result, NULL),
		SU_OK);
}

#define CASE(name_) cmocka_unit_test_setup_teardown(name_, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_manifest_becomes_a_release_when_its_image_comes),
		CASE(an_image_of_another_length_completes_nothing),
		CASE(what_is_altered_on_the_way_is_refused),
		CASE(malformed_envelopes_are_refused),
		CASE(who_did_not_sign_is_refused),
		CASE(a_key_signs_only_in_its_scope_and_time),
		CASE(sequence_numbers_rise),
		CASE(a_path_never_changes_its_content),
		CASE(uris_that_we_cannot_serve_are_refused),
		CASE(integrated_payloads_are_checked),
		CASE(integrated_dependencies_are_judged_like_manifests),
		CASE(a_dependency_may_come_later),
		CASE(a_dependent_waits_for_all_below),
		CASE(hosted_images_need_sha256),
		CASE(published_example_keys_need_an_option),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
