/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts that come from outside as values: times, durations, UUIDs, versions, component
 * identifiers, digests, hexadecimal and base64. What is accepted must format and parse to itself.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/utf8.h"
#include "base/uuid.h"
#include "model/component.h"
#include "model/device.h"
#include "model/digest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void try_times(const char *text)
{
	char again[SU_TIME_TEXT_SIZE];
	int64_t ms, ms_again;
	if (su_time_parse(text, &ms, NULL) == SU_OK) {
		su_time_format(ms, again);
		require(su_time_parse(again, &ms_again, NULL) == SU_OK && ms_again == ms);
	}
	if (su_duration_parse(text, &ms, NULL) == SU_OK) {
		su_duration_format(ms, again);
		require(su_duration_parse(again, &ms_again, NULL) == SU_OK && ms_again == ms);
	}
}

static void try_uuid(const char *text)
{
	char again[SU_UUID_TEXT_SIZE];
	struct su_uuid id;
	if (su_uuid_parse(text, &id, NULL) != SU_OK)
		return;
	su_uuid_format(id, again);
	require(strcasecmp(text, again) == 0);
}

static void try_digest(const char *text)
{
	char again[DIGEST_TEXT_SIZE];
	struct digest digest;
	if (digest_parse(text, &digest, NULL) != SU_OK)
		return;
	digest_format(&digest, again);
	require(strcasecmp(text, again) == 0);
}

static void try_version(struct su_arena *arena, const char *text)
{
	struct version version, again;
	if (version_parse(text, &version, NULL) != SU_OK)
		return;
	require(version_parse(version_format(arena, &version), &again, NULL) == SU_OK);
	require(memcmp(&version, &again, sizeof(version)) == 0);
	require(version_compare(&version, &again) == 0);
}

static void try_component(struct su_arena *arena, const char *text, struct su_span bytes)
{
	struct component_id id, again;
	struct su_error err = { 0 };
	if (component_id_parse(arena, text, &id, &err) == SU_OK) {
		require(component_id_check(id.encoded, NULL) == SU_OK);
		char *formatted = component_id_format(arena, id);
		require(component_id_parse(arena, formatted, &again, NULL) == SU_OK);
		require(component_id_equal(id, again));
	} else {
		require(err.status == SU_INVALID && err.text[0] != '\0');
	}
	if (component_id_check(bytes, NULL) == SU_OK) {
		char *formatted = component_id_format(arena, (struct component_id){ bytes });
		require(component_id_parse(arena, formatted, &again, NULL) == SU_OK);
		require(su_span_equal(again.encoded, bytes));
	}
}

static void try_encodings(struct su_arena *arena, struct su_span bytes)
{
	struct su_span out;
	uint8_t *unhexed = su_arena_alloc(arena, bytes.len / 2 + 1);
	size_t len;
	if (su_hex_decode(bytes, unhexed, bytes.len / 2, &len, NULL) == SU_OK)
		require(len == bytes.len / 2);
	if (su_base64url_decode(arena, bytes, &out, NULL) == SU_OK)
		require(su_span_equal_str(bytes, su_base64url_encode_arena(arena, out)));
	if (su_base64_decode(arena, bytes, &out, NULL) == SU_OK)
		require(out.len <= bytes.len / 4 * 3);
	if (endpoint_check(bytes, NULL) == SU_OK)
		require(su_utf8_is_valid(bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct su_arena *arena = su_arena_new();
	struct su_span bytes = su_span_of(data, size);
	const char *text = su_arena_strndup(arena, data, size);
	try_times(text);
	try_uuid(text);
	try_digest(text);
	try_version(arena, text);
	try_component(arena, text, bytes);
	try_encodings(arena, bytes);
	su_arena_free(&arena);
	return 0;
}
