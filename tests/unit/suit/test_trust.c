/* SPDX-License-Identifier: Apache-2.0 */
/* Who signed, whether they may, and which of several verdicts is told. */
#include "suit/trust.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "example.h"
#include "vector_file.h"

#define OTHER_ID "5ca1ab1e-0000-4000-8000-000000000001"

enum { ALICE, BOB, CAROL, N_KEYS };

struct fixture {
	struct su_arena *arena;
	struct key *keys[N_KEYS]; /* two P-256, one Ed25519 */
	struct trust_anchor anchors[N_KEYS];
	struct su_uuid vendor, class, other;
	struct trust_result result;
	struct su_error err;
};

static void add_anchor(struct fixture *fixture, int who, enum key_type type, const char *name)
{
	struct trust_anchor *anchor = &fixture->anchors[who];
	uint8_t thumbprint[32];
	assert_int_equal(key_generate(type, &fixture->keys[who], NULL), SU_OK);
	assert_int_equal(key_thumbprint(fixture->keys[who], thumbprint, NULL), SU_OK);
	anchor->name = name;
	anchor->purpose = ANCHOR_AUTHOR;
	anchor->spki = key_spki(fixture->arena, fixture->keys[who]);
	anchor->thumbprint =
		su_arena_copy(fixture->arena, su_span_of(thumbprint, sizeof(thumbprint)));
}

static int set_up(void **state)
{
	struct fixture *fixture = su_new(struct fixture);
	fixture->arena = su_arena_new();
	add_anchor(fixture, ALICE, KEY_P256, "alice");
	add_anchor(fixture, BOB, KEY_P256, "bob");
	add_anchor(fixture, CAROL, KEY_ED25519, "carol");
	fixture->vendor = example_uuid(EXAMPLE_VENDOR);
	fixture->class = example_uuid(EXAMPLE_CLASS);
	fixture->other = example_uuid(OTHER_ID);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	for (int i = 0; i < N_KEYS; i++)
		key_free(&fixture->keys[i]);
	su_arena_free(&fixture->arena);
	su_free_ptr(&fixture);
	return 0;
}

static struct su_span sign(
	struct fixture *fixture, struct su_span encoded, const struct key *key, struct su_span kid)
{
	static const struct envelope_options options = { 0 };
	struct su_buf out su_auto(su_buf_free) = { 0 };
	assert_int_equal(
		envelope_sign(encoded, &options, key, cose_alg_for(key), kid, &out, NULL), SU_OK);
	return su_arena_copy(fixture->arena, su_buf_span(&out));
}

static struct su_span unsigned_update(struct fixture *fixture)
{
	return example_finish(fixture->arena, example_builder(fixture->arena, 1));
}

static struct su_span signed_by(struct fixture *fixture, int who)
{
	return sign(fixture, unsigned_update(fixture), fixture->keys[who], SU_SPAN_EMPTY);
}

static enum su_status judge_decoded(
	struct fixture *fixture, const struct envelope *envelope, size_t n_anchors)
{
	struct survey survey;
	assert_int_equal(
		survey_manifest(fixture->arena, &envelope->manifest, &survey, NULL), SU_OK);
	fixture->err = (struct su_error){ 0 };
	return trust_judge(fixture->arena, envelope, &survey, fixture->anchors, n_anchors,
		&fixture->result, &fixture->err);
}

static enum su_status judge(struct fixture *fixture, struct su_span encoded, size_t n_anchors)
{
	struct envelope envelope = example_decode(fixture->arena, encoded);
	return judge_decoded(fixture, &envelope, n_anchors);
}

static void test_names_the_signer(void **state)
{
	struct fixture *fixture = *state;
	for (int who = ALICE; who <= CAROL; who++) {
		assert_int_equal(judge(fixture, signed_by(fixture, who), N_KEYS), SU_OK);
		assert_int_equal(fixture->result.n_verdicts, 1);
		const struct trust_verdict *verdict = &fixture->result.verdicts[0];
		assert_int_equal(verdict->status, SU_OK);
		assert_ptr_equal(verdict->anchor, &fixture->anchors[who]);
		assert_int_equal(verdict->tag, COSE_SIGN1);
		assert_true(verdict->has_alg);
		assert_int_equal(verdict->alg, who == CAROL ? COSE_ED25519 : COSE_ESP256);
	}
}

static void test_an_unsigned_envelope_is_unauthentic(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(judge(fixture, unsigned_update(fixture), N_KEYS), SU_UNAUTHENTIC);
	assert_int_equal(fixture->result.n_verdicts, 0);
	assert_non_null(strstr(fixture->err.text, "not signed"));
}

static void test_strangers(void **state)
{
	struct fixture *fixture = *state;
	/* Bob's key is of the type that Alice's anchor has; Carol's is not. */
	assert_int_equal(judge(fixture, signed_by(fixture, BOB), 1), SU_UNAUTHENTIC);
	assert_null(fixture->result.verdicts[0].anchor);
	assert_int_equal(judge(fixture, signed_by(fixture, CAROL), 1), SU_NOT_FOUND);
	assert_int_equal(judge(fixture, signed_by(fixture, ALICE), 0), SU_NOT_FOUND);
	fixture->anchors[ALICE].purpose = ANCHOR_DEVICE;
	assert_int_equal(judge(fixture, signed_by(fixture, ALICE), 1), SU_NOT_FOUND);
}

static void test_revoked_anchors(void **state)
{
	struct fixture *fixture = *state;
	fixture->anchors[ALICE].revoked_at_ms = 1;
	fixture->anchors[ALICE].revocation_reason = "lost";
	assert_int_equal(judge(fixture, signed_by(fixture, ALICE), N_KEYS), SU_DENIED);
	assert_non_null(strstr(fixture->err.text, "alice is revoked: lost"));
	assert_ptr_equal(fixture->result.verdicts[0].anchor, &fixture->anchors[ALICE]);
}

static void test_scope_by_vendor_and_class(void **state)
{
	struct fixture *fixture = *state;
	struct trust_anchor *alice = &fixture->anchors[ALICE];
	struct su_span update = signed_by(fixture, ALICE);
	alice->n_vendor_ids = 1;
	alice->vendor_ids = &fixture->vendor;
	assert_int_equal(judge(fixture, update, N_KEYS), SU_OK);
	alice->n_class_ids = 1;
	alice->class_ids = &fixture->other;
	assert_int_equal(judge(fixture, update, N_KEYS), SU_DENIED);
	assert_non_null(strstr(fixture->err.text, "may not sign for class " EXAMPLE_CLASS));
	alice->class_ids = &fixture->class;
	assert_int_equal(judge(fixture, update, N_KEYS), SU_OK);
	alice->vendor_ids = &fixture->other;
	assert_int_equal(judge(fixture, update, N_KEYS), SU_DENIED);
	assert_non_null(strstr(fixture->err.text, EXAMPLE_VENDOR));
}

/* The class is set, but nothing makes sure that the device is of it. */
static void test_what_checks_nothing_is_out_of_every_scope(void **state)
{
	struct fixture *fixture = *state;
	struct manifest_builder *builder = manifest_builder_new(1);
	struct sequence_builder install = { 0 };
	manifest_builder_add_component(builder, example_component(fixture->arena, "['a']"));
	example_put_override(&install, example_class(EXAMPLE_CLASS));
	example_put_fetch(&install, "#1");
	sequence_put_condition(&install, CMD_CLASS_IDENTIFIER, 0);
	example_add(builder, MANIFEST_INSTALL, &install, false);
	struct su_span update = sign(fixture, example_finish(fixture->arena, builder),
		fixture->keys[ALICE], SU_SPAN_EMPTY);
	assert_int_equal(judge(fixture, update, N_KEYS), SU_OK);
	fixture->anchors[ALICE].n_class_ids = 1;
	fixture->anchors[ALICE].class_ids = &fixture->class;
	assert_int_equal(judge(fixture, update, N_KEYS), SU_DENIED);
	assert_non_null(strstr(fixture->err.text, "does not always check"));
}

/* One key under two anchors: it is enough that one of them may sign. */
static void test_another_anchor_of_the_same_key_may_do(void **state)
{
	struct fixture *fixture = *state;
	struct trust_anchor *narrow = &fixture->anchors[ALICE];
	fixture->anchors[BOB] = *narrow;
	fixture->anchors[BOB].name = "alice, wider";
	narrow->n_class_ids = 1;
	narrow->class_ids = &fixture->other;
	struct su_span update = signed_by(fixture, ALICE);
	assert_int_equal(judge(fixture, update, 1), SU_DENIED);
	assert_int_equal(judge(fixture, update, N_KEYS), SU_OK);
	assert_ptr_equal(fixture->result.verdicts[0].anchor, &fixture->anchors[BOB]);
}

static void test_judges_every_block(void **state)
{
	struct fixture *fixture = *state;
	struct key *secret su_auto(key_free) = NULL;
	assert_int_equal(
		key_from_secret(su_span_str("0123456789abcdef0123456789abcdef"), &secret, NULL),
		SU_OK);
	struct su_span update = signed_by(fixture, BOB);
	update = sign(fixture, update, secret, SU_SPAN_EMPTY);
	update = sign(fixture, update, fixture->keys[ALICE], SU_SPAN_EMPTY);
	update = sign(fixture, update, fixture->keys[CAROL], SU_SPAN_EMPTY);
	assert_int_equal(judge(fixture, update, 1), SU_OK);
	const enum su_status wanted[] = { SU_UNAUTHENTIC, SU_UNSUPPORTED, SU_OK, SU_NOT_FOUND };
	assert_int_equal(fixture->result.n_verdicts, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(fixture->result.verdicts[i].block, i);
		assert_int_equal(fixture->result.verdicts[i].status, wanted[i]);
		assert_int_equal(fixture->result.verdicts[i].why.text[0] != '\0', i != 2);
	}
	/* Without Alice the most telling of the others is told. */
	fixture->anchors[ALICE].revoked_at_ms = 1;
	assert_int_equal(judge(fixture, update, 1), SU_DENIED);
	fixture->anchors[ALICE] = fixture->anchors[CAROL];
	assert_int_equal(judge(fixture, update, 1), SU_OK);
}

/* A key identifier helps, but a wrong one does no harm. */
static void test_key_identifiers_decide_nothing(void **state)
{
	struct fixture *fixture = *state;
	for (int named = ALICE; named <= CAROL; named++) {
		struct su_span update = sign(fixture, unsigned_update(fixture), fixture->keys[BOB],
			fixture->anchors[named].thumbprint);
		assert_int_equal(judge(fixture, update, N_KEYS), SU_OK);
		assert_ptr_equal(fixture->result.verdicts[0].anchor, &fixture->anchors[BOB]);
	}
}

static void test_a_wrong_digest_is_never_trusted(void **state)
{
	static const struct envelope_options options = { .inspect = true };
	struct fixture *fixture = *state;
	struct envelope envelope;
	struct su_span update = signed_by(fixture, ALICE);
	((uint8_t *)update.data)[update.len - 1] ^= 1;
	assert_int_equal(envelope_decode(fixture->arena, update, &options, &envelope, NULL), SU_OK);
	assert_int_equal(judge_decoded(fixture, &envelope, N_KEYS), SU_UNAUTHENTIC);
	assert_string_equal(fixture->err.field, "manifest");
}

/* Anchors made of keys of the vectors' index; the first is an author's P-256 key. */
static void use_vector_keys(struct fixture *fixture, const json_t *index)
{
	static const char *const names[N_KEYS] = { "author-p256", "stranger-p256",
		"operator-ed25519" };
	for (int i = 0; i < N_KEYS; i++) {
		struct key *key su_auto(key_free) = vector_file_key(index, names[i]);
		fixture->anchors[i].name = names[i];
		fixture->anchors[i].spki = key_spki(fixture->arena, key);
	}
}

static void assert_verdicts(
	struct fixture *fixture, const char *path, enum su_status first, enum su_status second)
{
	assert_int_equal(judge(fixture, vector_file_read(fixture->arena, path), N_KEYS), SU_OK);
	assert_int_equal(fixture->result.n_verdicts, 2);
	assert_int_equal(fixture->result.verdicts[0].status, first);
	assert_int_equal(fixture->result.verdicts[1].status, second);
}

static void test_judges_every_signature_of_a_block(void **state)
{
	struct fixture *fixture = *state;
	json_t *index = vector_file_index();
	use_vector_keys(fixture, index);
	assert_verdicts(fixture, "envelopes/sign-two-signers.hex", SU_OK, SU_OK);
	assert_int_equal(fixture->result.verdicts[0].tag, COSE_SIGN);
	assert_int_equal(fixture->result.verdicts[1].block, 0);
	assert_int_equal(fixture->result.verdicts[1].signature, 1);
	assert_string_equal(fixture->result.verdicts[1].anchor->name, "operator-ed25519");
	json_decref(index);
}

static void test_unknown_algorithms_do_not_hide_good_ones(void **state)
{
	struct fixture *fixture = *state;
	json_t *index = vector_file_index();
	use_vector_keys(fixture, index);
	assert_verdicts(fixture, "envelopes/with-unknown-alg.hex", SU_UNSUPPORTED, SU_OK);
	assert_verdicts(fixture, "envelopes/with-hss-lms.hex", SU_UNSUPPORTED, SU_OK);
	json_decref(index);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_names_the_signer),
		TEST(test_an_unsigned_envelope_is_unauthentic),
		TEST(test_strangers),
		TEST(test_revoked_anchors),
		TEST(test_scope_by_vendor_and_class),
		TEST(test_what_checks_nothing_is_out_of_every_scope),
		TEST(test_another_anchor_of_the_same_key_may_do),
		TEST(test_judges_every_block),
		TEST(test_key_identifiers_decide_nothing),
		TEST(test_a_wrong_digest_is_never_trusted),
		TEST(test_judges_every_signature_of_a_block),
		TEST(test_unknown_algorithms_do_not_hide_good_ones),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
