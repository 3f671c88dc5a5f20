/* SPDX-License-Identifier: Apache-2.0 */
/* A change goes into a line of text and comes out of it, and concerns whom it should. */
#include "model/release_change.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"

#define DIGEST  "sha256:0101010101010101010101010101010101010101010101010101010101010101"
#define UUID(n) "00000000-0000-4000-8000-00000000000" n

static struct su_uuid uuid(const char *text)
{
	struct su_uuid id;
	assert_int_equal(su_uuid_parse(text, &id, NULL), SU_OK);
	return id;
}

static struct characteristics device_of(const char *vendor, const char *class)
{
	return (struct characteristics){
		.n_vendor_ids = 1,
		.vendor_ids = { uuid(vendor) },
		.n_class_ids = 1,
		.class_ids = { uuid(class) },
	};
}

static bool concerns(const char *text, const struct characteristics *told)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct release_change change;
	release_change_parse(arena, text, &change);
	return release_change_concerns(&change, told);
}

static void assert_text(const struct release_change *change, const char *text)
{
	struct su_buf out su_auto(su_buf_free) = { 0 };
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct release_change back;
	release_change_format(change, &out);
	assert_string_equal(su_buf_str(&out), text);
	release_change_parse(arena, text, &back);
	assert_int_equal(back.audience, change->audience);
	assert_int_equal(back.row_version, change->row_version);
	assert_true(digest_equal(&back.release, &change->release));
	assert_int_equal(back.needs_class, change->needs_class);
	assert_int_equal(back.n_vendor_ids, change->n_vendor_ids);
	assert_int_equal(back.n_class_ids, change->n_class_ids);
	for (size_t i = 0; i < back.n_class_ids; i++)
		assert_true(su_uuid_equal(back.class_ids[i], change->class_ids[i]));
}

static void test_text_and_back(void **state)
{
	(void)state;
	const struct su_uuid vendor = uuid(UUID("1"));
	const struct su_uuid classes[] = { uuid(UUID("2")), uuid(UUID("3")) };
	struct release_change change = {
		.row_version = 7,
		.audience = CONCERNS_SOME,
		.n_vendor_ids = 1,
		.vendor_ids = &vendor,
		.n_class_ids = 2,
		.class_ids = classes,
	};
	assert_int_equal(digest_parse(DIGEST, &change.release, NULL), SU_OK);
	assert_text(&change, DIGEST " 7 v" UUID("1") " c" UUID("2") " c" UUID("3"));
	change.needs_class = true;
	assert_text(&change, DIGEST " 7 = v" UUID("1") " c" UUID("2") " c" UUID("3"));
	change = (struct release_change){ .release = change.release, .row_version = 8 };
	assert_text(&change, DIGEST " 8 -");
}

static void test_too_many_are_everybody(void **state)
{
	(void)state;
	struct su_uuid ids[RELEASE_CHANGE_MAX_IDS + 1] = { 0 };
	struct release_change change = { .row_version = 1,
		.audience = CONCERNS_SOME,
		.n_class_ids = RELEASE_CHANGE_MAX_IDS,
		.class_ids = ids };
	const struct characteristics told = device_of(UUID("1"), UUID("2"));
	struct su_buf few su_auto(su_buf_free) = { 0 }, many su_auto(su_buf_free) = { 0 };
	assert_int_equal(digest_parse(DIGEST, &change.release, NULL), SU_OK);
	release_change_format(&change, &few);
	assert_false(concerns(su_buf_str(&few), &told));
	change.n_class_ids++;
	release_change_format(&change, &many);
	assert_string_equal(su_buf_str(&many), DIGEST " 1 *");
	assert_true(concerns(su_buf_str(&many), &told));
}

static void test_whom_it_concerns(void **state)
{
	(void)state;
	const struct characteristics told = device_of(UUID("1"), UUID("2"));
	const struct characteristics silent = { 0 };
	assert_false(concerns(DIGEST " 7 -", &told));
	assert_true(concerns(DIGEST " 7 v" UUID("1"), &told));
	assert_true(concerns(DIGEST " 7 c" UUID("2"), &told));
	assert_false(concerns(DIGEST " 7 v" UUID("2") " c" UUID("1"), &told));
	/* The vendor alone is enough unless a class is needed. */
	assert_true(concerns(DIGEST " 7 v" UUID("1") " c" UUID("3"), &told));
	assert_false(concerns(DIGEST " 7 = v" UUID("1") " c" UUID("3"), &told));
	assert_true(concerns(DIGEST " 7 = v" UUID("3") " c" UUID("3") " c" UUID("2"), &told));
	assert_false(concerns(DIGEST " 7 v" UUID("1"), &silent));
}

static void test_what_is_not_understood_concerns_everybody(void **state)
{
	(void)state;
	static const char *const texts[] = { NULL, "", DIGEST, DIGEST " 7", DIGEST " 7 ",
		DIGEST " x -", DIGEST " 7x -", DIGEST " 7 *", DIGEST " 7 - -",
		DIGEST " 7 =", DIGEST " 7 v", DIGEST " 7 v1", DIGEST " 7 x" UUID("3"),
		DIGEST " 7 v" UUID("3") " new", "sha256:01 7 -" };
	const struct characteristics silent = { 0 };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_true(concerns(texts[i], &silent));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_and_back),
		cmocka_unit_test(test_too_many_are_everybody),
		cmocka_unit_test(test_whom_it_concerns),
		cmocka_unit_test(test_what_is_not_understood_concerns_everybody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
