/* SPDX-License-Identifier: Apache-2.0 */
/* SUIT_Reports: what they move, what they cannot prove, and which are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/hex.h"
#include "base/memory.h"
#include "store/anchor_store.h"
#include "suit/report.h"
#include "tracker_fixture.h"

#define OLD su_span_str("the old image")
#define NEW su_span_str("the new and better image")

/* A device named meter that is installing a release; its manifest digest. */
static struct digest installing(void **state)
{
	struct fixture *fixture = fixture_of(state);
	const struct firmware update = {
		.sequence_number = 7,
		.uri = "/fw/app.bin",
		.image = NEW,
		.reference_uri = "https://example.com/app.suit",
	};
	struct release release = fixture_approved(fixture, &update);
	const struct characteristics told = fixture_device(fixture, OLD, 6);
	assert_int_equal(fixture_register(fixture, "meter", &told).error.status, SU_OK);
	assert_true(fixture_poll(fixture, "meter").has_offer);
	assert_int_equal(fixture_say(fixture, "meter", DEPLOYMENT_INSTALLING).error.status, SU_OK);
	return release.digest;
}

static struct report report_on(struct digest release, bool success, int64_t reason)
{
	return (struct report){
		.reference_uri = su_span_str("https://example.com/app.suit"),
		.manifest_digest = release,
		.success = success,
		.reason = reason,
	};
}

static struct su_span encode(struct fixture *fixture, const struct report *report)
{
	struct su_buf out su_auto(su_buf_free) = { 0 };
	report_encode(report, &out);
	return su_arena_copy(fixture_arena(fixture), su_buf_span(&out));
}

static struct su_span sign(
	struct fixture *fixture, const struct report *report, const struct key *key)
{
	struct su_buf out su_auto(su_buf_free) = { 0 };
	assert_int_equal(cose_sign(key, cose_alg_for(key), encode(fixture, report), false,
				 SU_SPAN_EMPTY, &out, NULL),
		SU_OK);
	return su_arena_copy(fixture_arena(fixture), su_buf_span(&out));
}

static void trust_device(struct fixture *fixture, const struct key *key, const char *endpoint)
{
	uint8_t thumbprint[32];
	assert_int_equal(key_thumbprint(key, thumbprint, NULL), SU_OK);
	const struct trust_anchor anchor = {
		.id = su_uuid_v7(FIXTURE_NOW),
		.name = "device key",
		.purpose = ANCHOR_DEVICE,
		.spki = key_spki(fixture_arena(fixture), key),
		.key_type = "P-256",
		.thumbprint = su_span_of(thumbprint, sizeof(thumbprint)),
		.endpoint = endpoint,
		.created_at_ms = FIXTURE_NOW,
	};
	struct txn txn = txn_begin(fixture_conn(fixture));
	anchor_store_insert(&txn, &anchor, "test");
	assert_int_equal(txn_commit(&txn, NULL), SU_OK);
}

static void assert_fault(struct answer answer, enum su_status status, const char *words)
{
	assert_int_equal(answer.error.status, status);
	if (!strstr(answer.error.text, words))
		fail_msg("\"%s\" does not say \"%s\"", answer.error.text, words);
}

static void success_waits_for_the_proof(void **state)
{
	struct report report = report_on(installing(state), true, REASON_OK);
	struct fixture *fixture = *state;
	struct su_span body = encode(fixture, &report);
	assert_int_equal(fixture_report(fixture, "meter", body).error.status, SU_OK);
	assert_string_equal(fixture_state(fixture, "meter"), "rebooting");
	/* Again, as after an acknowledgement that was lost: kept once. */
	assert_int_equal(fixture_report(fixture, "meter", body).error.status, SU_OK);
	assert_string_equal(fixture_sql(fixture, "SELECT count(*) || authentication FROM report"
						 " GROUP BY authentication"),
		"1none");
	assert_string_equal(
		fixture_sql(
			fixture, "SELECT sum(value) FROM counter WHERE name = 'reports.success'"),
		"1");
	assert_string_equal(
		fixture_sql(fixture, "SELECT encode(payload, 'hex') FROM report LIMIT 1"),
		su_hex_encode_arena(fixture_arena(fixture), body));
	const struct characteristics told = fixture_device(fixture, NEW, 7);
	fixture_register(fixture, "meter", &told);
	assert_string_equal(fixture_state(fixture, "meter"), "confirmed");
	assert_int_equal(fixture_report(fixture, "meter", body).error.status, SU_OK);
	assert_string_equal(fixture_state(fixture, "meter"), "confirmed");
}

static void a_failure_names_its_place(void **state)
{
	struct report report = report_on(installing(state), false, REASON_CONDITION_FAILED);
	struct fixture *fixture = *state;
	report.has_failed_record = true;
	report.failed_record = (struct report_record){ .section = 20, .offset = 5 };
	assert_int_equal(
		fixture_report(fixture, "meter", encode(fixture, &report)).error.status, SU_OK);
	assert_string_equal(fixture_state(fixture, "meter"), "failed");
	const char *reason = fixture_sql(fixture, "SELECT reason FROM deployment");
	assert_non_null(strstr(reason, "condition-failed in install at offset 5, component 0"));
	assert_string_equal(fixture_sql(fixture, "SELECT state || ' ' || detail FROM"
						 " deployment_component"),
		su_arena_printf(fixture_arena(fixture), "failed %s", reason));
	assert_false(fixture_poll(fixture, "meter").has_offer);
}

static void a_pending_invocation_is_no_end(void **state)
{
	struct report report = report_on(installing(state), false, REASON_INVOKE_PENDING);
	struct fixture *fixture = *state;
	assert_int_equal(
		fixture_report(fixture, "meter", encode(fixture, &report)).error.status, SU_OK);
	assert_string_equal(fixture_state(fixture, "meter"), "installing");
}

static void what_does_not_fit_the_manifest_is_refused(void **state)
{
	struct report report = report_on(installing(state), false, REASON_OPERATION_FAILED);
	struct fixture *fixture = *state;
	report.has_failed_record = true;
	report.failed_record = (struct report_record){ .section = 15 };
	assert_fault(fixture_report(fixture, "meter", encode(fixture, &report)), SU_INVALID,
		"no section 15");
	report.failed_record = (struct report_record){ .section = 20, .offset = 100000 };
	assert_fault(fixture_report(fixture, "meter", encode(fixture, &report)), SU_INVALID,
		"behind the end");
	report.has_failed_record = false;
	report.reference_uri = su_span_str("https://example.com/other.suit");
	assert_fault(fixture_report(fixture, "meter", encode(fixture, &report)), SU_INVALID,
		"another URI");
	report.manifest_digest.bytes[0] ^= 1;
	assert_fault(fixture_report(fixture, "meter", encode(fixture, &report)), SU_NOT_FOUND,
		"never deployed");
	assert_int_equal(
		fixture_report(fixture, "meter", su_span_str("\x01")).error.status, SU_INVALID);
	assert_string_equal(fixture_state(fixture, "meter"), "installing");
	assert_string_equal(fixture_sql(fixture, "SELECT count(*) FROM report"), "0");
}

static void signatures_must_hold(void **state)
{
	struct report report = report_on(installing(state), true, REASON_OK);
	struct fixture *fixture = *state;
	struct key *own su_auto(key_free) = author_key();
	struct key *strange su_auto(key_free) = author_key();
	assert_fault(fixture_report(fixture, "meter", sign(fixture, &report, own)), SU_UNAUTHENTIC,
		"no key of this device");
	trust_device(fixture, own, "meter");
	trust_device(fixture, strange, "another");
	assert_fault(fixture_report(fixture, "meter", sign(fixture, &report, strange)),
		SU_UNAUTHENTIC, "does not verify");
	assert_fault(fixture_report(fixture, "meter", encode(fixture, &report)), SU_UNAUTHENTIC,
		"not signed");
	assert_int_equal(
		fixture_report(fixture, "meter", sign(fixture, &report, own)).error.status, SU_OK);
	assert_string_equal(
		fixture_sql(fixture, "SELECT authentication || success FROM report"), "signedtrue");
	assert_string_equal(fixture_state(fixture, "meter"), "rebooting");
	/* A channel that is authenticated is as good as a signature. */
	fixture_authenticate(fixture, true);
	assert_int_equal(
		fixture_report(fixture, "meter", encode(fixture, &report)).error.status, SU_OK);
}

/* What anybody could have sent must not stand in the way of what the device itself says. */
static void a_report_with_proof_is_kept_beside_one_without(void **state)
{
	struct report report = report_on(installing(state), true, REASON_OK);
	struct fixture *fixture = *state;
	struct su_span body = encode(fixture, &report);
	assert_int_equal(fixture_report(fixture, "meter", body).error.status, SU_OK);
	fixture_authenticate(fixture, true);
	assert_int_equal(fixture_report(fixture, "meter", body).error.status, SU_OK);
	assert_string_equal(fixture_sql(fixture,
				    "SELECT string_agg(authentication, ' ' ORDER BY authentication)"
				    " FROM report"),
		"channel none");
}

static void claims_prove_only_when_authentic(void **state)
{
	struct report report = report_on(installing(state), true, REASON_OK);
	struct fixture *fixture = *state;
	struct report_claim claim = {
		.component = author_component(fixture_arena(fixture), NULL),
		.properties = { .set = UINT64_C(1) << PARAM_IMAGE_DIGEST,
			.image_digest = author_digest(NEW) },
	};
	report.n_claims = 1;
	report.claims = &claim;
	assert_int_equal(
		fixture_report(fixture, "meter", encode(fixture, &report)).error.status, SU_OK);
	assert_string_equal(fixture_state(fixture, "meter"), "rebooting");
	fixture_authenticate(fixture, true);
	assert_int_equal(
		fixture_report(fixture, "meter", encode(fixture, &report)).error.status, SU_OK);
	assert_string_equal(fixture_state(fixture, "meter"), "confirmed");
	assert_string_equal(
		fixture_sql(fixture, "SELECT sequence_number FROM device_component"), "7");
	assert_false(fixture_poll(fixture, "meter").has_offer);
}

#define CASE(name_) cmocka_unit_test_setup_teardown(name_, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(success_waits_for_the_proof),
		CASE(a_failure_names_its_place),
		CASE(a_pending_invocation_is_no_end),
		CASE(what_does_not_fit_the_manifest_is_refused),
		CASE(signatures_must_hold),
		CASE(a_report_with_proof_is_kept_beside_one_without),
		CASE(claims_prove_only_when_authentic),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
