/* SPDX-License-Identifier: Apache-2.0 */
/* A choice stands until a change concerns it; what was forgotten concerns everybody. */
#include "tracker/release_news.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"

#define DIGEST "sha256:0101010101010101010101010101010101010101010101010101010101010101"
#define LAMP   "00000000-0000-4000-8000-000000000001"
#define PUMP   "00000000-0000-4000-8000-000000000002"

static struct characteristics of_class(const char *class)
{
	struct characteristics told = { .n_class_ids = 1 };
	assert_int_equal(su_uuid_parse(class, &told.class_ids[0], NULL), SU_OK);
	return told;
}

static bool add(struct release_news *news, int version, const char *whom)
{
	char text[200];
	snprintf(text, sizeof(text), DIGEST " %d %s", version, whom);
	return release_news_add(news, text);
}

static void test_only_whom_it_concerns(void **state)
{
	(void)state;
	struct release_news *news su_auto(release_news_free) = release_news_new();
	const struct characteristics lamp = of_class(LAMP), pump = of_class(PUMP);
	const uint64_t before = release_news_generation(news);
	assert_true(before > 0);
	assert_false(release_news_concern(news, before, &lamp));
	assert_true(add(news, 1, "c" LAMP));
	const uint64_t between = release_news_generation(news);
	assert_true(add(news, 2, "c" PUMP));
	assert_true(release_news_concern(news, before, &lamp));
	assert_false(release_news_concern(news, between, &lamp));
	assert_true(release_news_concern(news, before, &pump));
	assert_true(release_news_concern(news, between, &pump));
	assert_false(release_news_concern(news, release_news_generation(news), &pump));
	assert_true(release_news_concern(news, 0, &lamp)); /* nothing was chosen yet */
}

static void test_one_change_counts_once(void **state)
{
	(void)state;
	struct release_news *news su_auto(release_news_free) = release_news_new();
	assert_true(add(news, 1, "c" LAMP));
	assert_true(add(news, 2, "c" PUMP));
	assert_true(add(news, 3, "*"));
	const uint64_t now = release_news_generation(news);
	assert_false(add(news, 3, "*"));
	assert_true(add(news, 4, "c" LAMP));
	assert_false(add(news, 4, "c" LAMP));
	assert_false(add(news, 5, "-")); /* concerns nobody */
	assert_int_equal(release_news_generation(news), now + 1);
}

static void test_everything_may_have_changed(void **state)
{
	(void)state;
	struct release_news *news su_auto(release_news_free) = release_news_new();
	const struct characteristics lamp = of_class(LAMP);
	const uint64_t before = release_news_generation(news);
	assert_true(release_news_add(news, NULL));
	assert_true(release_news_concern(news, before, &lamp));
	assert_false(release_news_concern(news, release_news_generation(news), &lamp));
	assert_true(add(news, 1, "c" PUMP));
	assert_true(release_news_concern(news, before, &lamp));
	assert_false(release_news_concern(news, before + 1, &lamp));
	assert_true(release_news_add(news, "of another version"));
	assert_true(release_news_concern(news, before + 2, &lamp));
}

static void test_what_was_forgotten_concerns_everybody(void **state)
{
	(void)state;
	enum { MANY = 1000, SURELY_KEPT = 100 };
	struct release_news *news su_auto(release_news_free) = release_news_new();
	const struct characteristics lamp = of_class(LAMP);
	const uint64_t before = release_news_generation(news);
	for (int i = 0; i < MANY; i++) {
		assert_true(add(news, i, "c" PUMP));
		assert_false(release_news_concern(news, release_news_generation(news), &lamp));
	}
	assert_int_equal(release_news_generation(news), before + MANY);
	assert_true(release_news_concern(news, before, &lamp));
	assert_false(release_news_concern(news, before + MANY - SURELY_KEPT, &lamp));
	assert_true(release_news_concern(news, before + MANY - SURELY_KEPT,
		&(struct characteristics){
			.n_class_ids = 1, .class_ids = { of_class(PUMP).class_ids[0] } }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_whom_it_concerns),
		cmocka_unit_test(test_one_change_counts_once),
		cmocka_unit_test(test_everything_may_have_changed),
		cmocka_unit_test(test_what_was_forgotten_concerns_everybody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
