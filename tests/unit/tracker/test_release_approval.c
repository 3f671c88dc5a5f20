/* SPDX-License-Identifier: Apache-2.0 */
/* Who has to agree to a release by the policy, and when it is approved. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "model/role.h"
#include "store/approval_store.h"
#include "tracker/policy_holder.h"
#include "tracker/release_approval.h"
#include "tracker_fixture.h"

#define IMAGE su_span_str("bytes of an image")

/* The default policy with these rules of approval. */
struct rules {
	struct fixture *fixture;
	struct su_loop *loop;
	struct policy_holder *policies;
};

static const char *with_approvals(struct su_arena *arena, const char *approvals)
{
	const char *text =
		su_arena_strndup(arena, policy_default_text().data, policy_default_text().len);
	const char *list = strstr(text, "\"approvals\"");
	const char *rest = strchr(list, ']');
	rest = strchr(rest + 1, ']');
	return su_arena_printf(
		arena, "%.*s\"approvals\": %s%s", (int)(list - text), text, approvals, rest + 1);
}

static struct rules put_in_force(struct fixture *fixture, const char *approvals)
{
	struct rules rules = { .fixture = fixture, .loop = su_loop_new() };
	fixture_sql(fixture, "DELETE FROM policy_document");
	const struct policy_holder_opts opts = {
		.loop = rules.loop,
		.conn = fixture_conn(fixture),
		.seed = su_span_str(with_approvals(fixture_arena(fixture), approvals)),
		.now_ms = FIXTURE_NOW,
	};
	struct su_error error = { 0 };
	if (policy_holder_start(&opts, &rules.policies, &error) != SU_OK)
		fail_msg("%s: %s", error.field, error.text);
	return rules;
}

static void lift(struct rules *rules)
{
	fixture_sql(rules->fixture, "DELETE FROM policy_document");
	policy_holder_stop(&rules->policies);
	su_loop_free(&rules->loop);
}

static struct firmware firmware(uint64_t sequence_number)
{
	return (struct firmware){
		.sequence_number = sequence_number,
		.uri = "https://fw.example.com/fw/app.bin",
		.image = IMAGE,
	};
}

static struct release take_in(struct rules *rules, const struct firmware *what)
{
	struct fixture *fixture = rules->fixture;
	struct intake_opts opts = fixture_intake_opts();
	const struct intake_request request = {
		.envelope = author_write(fixture_arena(fixture), what, fixture_author(fixture)),
		.kind = KIND_SECURITY,
		.actor = "pipeline",
		.now_ms = FIXTURE_NOW,
	};
	struct intake_result result;
	opts.policies = rules->policies;
	assert_int_equal(intake_manifest(&opts, fixture_conn(fixture), fixture_blobs(fixture),
				 fixture_arena(fixture), &request, &result, NULL),
		SU_OK);
	return result.release;
}

static enum su_status approve(struct rules *rules, struct release *release, const char *actor,
	unsigned capabilities, struct su_error *err)
{
	const struct approval_request request = {
		.release = &release->digest,
		.actor = actor,
		.capabilities = capabilities,
		.now_ms = FIXTURE_NOW + 5,
		.policies = rules->policies,
	};
	struct release out;
	SU_TRY(release_approval_give(
		fixture_conn(rules->fixture), fixture_arena(rules->fixture), &request, &out, err));
	*release = out;
	return SU_OK;
}

static struct approval_standing look(struct rules *rules, const struct release *release)
{
	struct approvals *given;
	struct su_arena *arena = fixture_arena(rules->fixture);
	struct txn txn = txn_begin(fixture_conn(rules->fixture));
	approval_store_list(&txn, arena, release, 1, &given);
	assert_int_equal(txn_commit(&txn, NULL), SU_OK);
	return release_approval_look(rules->policies, arena, release, given, FIXTURE_NOW + 9);
}

#define BOTH      "[{\"name\": \"both\", \"roles\": [\"operator\", \"network_operator\"]}]"
#define BOTH_BITS (1U << APPROVER_OPERATOR | 1U << APPROVER_NETWORK_OPERATOR)

static void one_of_two_leaves_it_waiting(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct rules rules = put_in_force(fixture, BOTH);
	const struct firmware what = firmware(1);
	fixture_put_image(fixture, IMAGE);
	struct release release = take_in(&rules, &what);
	assert_int_equal(release.state, RELEASE_VERIFIED);
	assert_int_equal(look(&rules, &release).missing, BOTH_BITS);
	assert_int_equal(approve(&rules, &release, "nora", CAN_APPROVE_NETWORK, NULL), SU_OK);
	assert_int_equal(release.state, RELEASE_VERIFIED);
	assert_int_equal(release.row_version, 2);
	struct approval_standing standing = look(&rules, &release);
	assert_int_equal(standing.needed, BOTH_BITS);
	assert_int_equal(standing.missing, 1U << APPROVER_OPERATOR);
	assert_string_equal(standing.reason.rule, "both");
	/* Once more changes nothing. */
	assert_int_equal(approve(&rules, &release, "nils", CAN_APPROVE_NETWORK, NULL), SU_OK);
	assert_int_equal(release.row_version, 2);
	assert_int_equal(approve(&rules, &release, "olga", CAN_OPERATE, NULL), SU_OK);
	assert_int_equal(release.state, RELEASE_APPROVED);
	assert_string_equal(release.approved_by, "olga");
	standing = look(&rules, &release);
	assert_int_equal(standing.missing, 0);
	assert_int_equal(standing.given->n, 2);
	assert_string_equal(standing.given->list[0].by, "nora");
	assert_string_equal(standing.given->list[1].by, "olga");
	assert_string_equal(
		fixture_sql(fixture,
			"SELECT string_agg(actor || (detail->>'missing'), ' ' ORDER BY id)"
			" FROM audit WHERE action = 'release.approve'"),
		"nora[\"operator\"] olga[]");
	lift(&rules);
}

static void an_administrator_stands_for_all(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct rules rules = put_in_force(fixture, BOTH);
	const struct firmware what = firmware(1);
	fixture_put_image(fixture, IMAGE);
	struct release release = take_in(&rules, &what);
	const unsigned all = role_capabilities(ROLE_ADMINISTRATOR);
	assert_int_equal(approve(&rules, &release, "root", all, NULL), SU_OK);
	assert_int_equal(release.state, RELEASE_APPROVED);
	assert_int_equal(look(&rules, &release).given->n, 2);
	lift(&rules);
}

static void whom_nobody_asked_cannot_approve(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct rules rules = put_in_force(
		fixture, "[{\"name\": \"network\", \"roles\": [\"network_operator\"]}]");
	const struct firmware what = firmware(1);
	struct su_error error;
	fixture_put_image(fixture, IMAGE);
	struct release release = take_in(&rules, &what);
	assert_int_equal(approve(&rules, &release, "olga", CAN_OPERATE, &error), SU_DENIED);
	assert_non_null(strstr(error.text, "network_operator"));
	assert_int_equal(look(&rules, &release).given->n, 0);
	assert_int_equal(approve(&rules, &release, "nora", CAN_APPROVE_NETWORK, NULL), SU_OK);
	assert_int_equal(release.state, RELEASE_APPROVED);
	lift(&rules);
}

#define BY_ITSELF "[{\"name\": \"flaws\", \"when\": \"release.kind == 'security'\", \"roles\": []}]"

static void the_policy_approves_what_is_complete(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct rules rules = put_in_force(fixture, BY_ITSELF);
	const struct firmware what = firmware(1);
	fixture_put_image(fixture, IMAGE);
	struct release release = take_in(&rules, &what);
	assert_int_equal(release.state, RELEASE_APPROVED);
	assert_string_equal(release.approved_by, "suitd");
	const struct approval_standing standing = look(&rules, &release);
	assert_int_equal(standing.needed, 0);
	assert_int_equal(standing.given->list[0].as, APPROVER_POLICY);
	assert_memory_equal(standing.given->list[0].reason, "flaws: ", 7);
	assert_string_equal(
		fixture_sql(fixture,
			"SELECT detail->>'rule' FROM audit WHERE action = 'release.approve'"),
		"flaws");
	lift(&rules);
}

static void the_policy_approves_when_the_last_image_comes(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct rules rules = put_in_force(fixture, BY_ITSELF);
	struct intake_opts opts = fixture_intake_opts();
	const struct firmware what = firmware(1);
	struct release release = take_in(&rules, &what);
	struct image image = { .size_bytes = IMAGE.len,
		.uploaded_by = "pipeline",
		.uploaded_at_ms = FIXTURE_NOW + 7 };
	assert_int_equal(release.state, RELEASE_INCOMPLETE);
	opts.policies = rules.policies;
	assert_int_equal(blob_put(fixture_blobs(fixture), IMAGE, &image.digest, NULL), SU_OK);
	assert_int_equal(intake_image(&opts, fixture_conn(fixture), &image, NULL), SU_OK);
	release = take_in(&rules, &what);
	assert_int_equal(release.state, RELEASE_APPROVED);
	assert_int_equal(release.approved_at_ms, FIXTURE_NOW + 7);
	lift(&rules);
}

/* A policy that is put into force later asks anew, and approves nothing that waits. */
static void a_later_policy_asks_anew(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct rules rules = put_in_force(fixture, BOTH);
	const struct firmware what = firmware(1);
	fixture_put_image(fixture, IMAGE);
	struct release release = take_in(&rules, &what);
	assert_int_equal(approve(&rules, &release, "olga", CAN_OPERATE, NULL), SU_OK);
	lift(&rules);
	rules = put_in_force(fixture, "[{\"name\": \"one\", \"roles\": [\"operator\"]}]");
	struct approval_standing standing = look(&rules, &release);
	assert_int_equal(standing.missing, 0);
	assert_string_equal(standing.reason.rule, "one");
	assert_int_equal(release.state, RELEASE_VERIFIED);
	assert_int_equal(approve(&rules, &release, "otto", CAN_OPERATE, NULL), SU_OK);
	assert_int_equal(release.state, RELEASE_APPROVED);
	assert_string_equal(look(&rules, &release).given->list[0].by, "olga");
	lift(&rules);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_of_two_leaves_it_waiting),
		TEST(an_administrator_stands_for_all),
		TEST(whom_nobody_asked_cannot_approve),
		TEST(the_policy_approves_what_is_complete),
		TEST(the_policy_approves_when_the_last_image_comes),
		TEST(a_later_policy_asks_anew),
	};
	return cmocka_run_group_tests_name("release_approval", tests, NULL, NULL);
}
