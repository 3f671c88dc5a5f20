/* SPDX-License-Identifier: Apache-2.0 */
/* Whose file a URI reference names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "tracker/public_uri.h"

static const char *const names[] = { "fw.example.com", "[::1]:8080" };

static void check(const char *uri, enum public_uri_kind kind, const char *path)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	const struct public_names ours = { 2, names };
	struct public_uri found;
	struct su_error error;
	if (public_uri_read(arena, uri, &ours, &found, &error) != SU_OK)
		fail_msg("%s: %s", uri, error.text);
	assert_int_equal(found.kind, kind);
	if (path)
		assert_string_equal(found.path, path);
}

static void refuse(const char *uri, const char *words)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	const struct public_names ours = { 2, names };
	struct public_uri found;
	struct su_error error;
	assert_int_equal(public_uri_read(arena, uri, &ours, &found, &error), SU_INVALID);
	assert_string_equal(error.field, "uri");
	if (!strstr(error.text, words))
		fail_msg("%s: \"%s\" does not say \"%s\"", uri, error.text, words);
}

static void ours_by_name_or_by_being_relative(void **state)
{
	(void)state;
	check("#app", PUBLIC_URI_INTEGRATED, NULL);
	check("app.bin", PUBLIC_URI_HOSTED, "/app.bin");
	check("/fw/app.bin", PUBLIC_URI_HOSTED, "/fw/app.bin");
	check("//fw.example.com/a", PUBLIC_URI_HOSTED, "/a");
	check("http://FW.Example.com/a/b?c#d", PUBLIC_URI_HOSTED, "/a/b");
	check("coaps://fw.example.com:5684/a", PUBLIC_URI_HOSTED, "/a");
	check("coap+tcp://[::1]:8080/a", PUBLIC_URI_HOSTED, "/a");
	check("http://fw.example.com:8080/a", PUBLIC_URI_EXTERNAL, NULL);
	check("http://[::1]/a", PUBLIC_URI_EXTERNAL, NULL);
	check("http://fw.example.com.evil.org/a", PUBLIC_URI_EXTERNAL, NULL);
	check("http://user@fw.example.com/a", PUBLIC_URI_EXTERNAL, NULL);
	check("ftp://fw.example.com/a", PUBLIC_URI_EXTERNAL, NULL);
	check("urn:example:a", PUBLIC_URI_EXTERNAL, NULL);
}

static void dot_segments_are_gone(void **state)
{
	(void)state;
	check("/a/./b/../c", PUBLIC_URI_HOSTED, "/a/c");
	check("../../a", PUBLIC_URI_HOSTED, "/a");
	check("/a/b/..", PUBLIC_URI_HOSTED, "/a/");
	check("/a//b", PUBLIC_URI_HOSTED, "/a//b");
	check("/...", PUBLIC_URI_HOSTED, "/...");
}

static void paths_of_our_own_are_refused(void **state)
{
	(void)state;
	refuse("/api/v1/tokens", "/api");
	refuse("/x/../api", "/api");
	refuse("http://fw.example.com/healthz", "/healthz");
	check("/apiary.bin", PUBLIC_URI_HOSTED, "/apiary.bin");
	refuse("/", "no file");
	refuse("http://fw.example.com", "no file");
	refuse("", "not a URI");
	refuse("/a b", "not a URI");
	refuse("/a\n", "not a URI");
	char longest[1100];
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	refuse(longest, "longer");
}

static void blobs_are_named_by_their_digest(void **state)
{
	(void)state;
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	const struct public_names ours = { 0 };
	struct public_uri found;
	static const char uri[] =
		"/blob/00112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210";
	assert_int_equal(public_uri_read(arena, uri, &ours, &found, NULL), SU_OK);
	assert_string_equal(found.blob_hex, uri + 6);
	refuse("/blob/0011", "64");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ours_by_name_or_by_being_relative),
		cmocka_unit_test(dot_segments_are_gone),
		cmocka_unit_test(paths_of_our_own_are_refused),
		cmocka_unit_test(blobs_are_named_by_their_digest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
