/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Envelopes shown as JSON, as suitctl and the REST resource show them: whatever decodes can be
 * shown, in valid UTF-8 and without a control character that would deceive a terminal.
 */
#include <jansson.h>

#include "base/arena.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "fuzz_check.h"
#include "suit/manifest_json.h"

static void free_json(json_t **json)
{
	json_decref(*json);
}

static void require_printable(struct su_span text)
{
	uint32_t code_point;

	for (size_t n; text.len > 0; text = su_span_of(text.data + n, text.len - n)) {
		n = su_utf8_next(text, &code_point);
		require(n > 0 && (su_utf8_is_printable(code_point) || code_point == '\n'));
	}
}

static void require_harmless(const json_t *value)
{
	const char *name;
	json_t *member;
	size_t i;

	if (json_is_string(value))
		require_printable(su_span_of(json_string_value(value), json_string_length(value)));
	json_array_foreach(value, i, member)
	{
		require_harmless(member);
	}
	json_object_foreach((json_t *)value, name, member)
	{
		require_printable(su_span_str(name));
		require_harmless(member);
	}
}

static void try_options(struct su_span input, struct envelope_options options)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct envelope envelope;
	struct survey survey;

	if (envelope_decode(arena, input, &options, &envelope, NULL) != SU_OK ||
		survey_manifest(arena, &envelope.manifest, &survey, NULL) != SU_OK)
		return;
	json_t *shown su_auto(free_json) = manifest_json(arena, &envelope, &survey);
	require(json_is_object(shown));
	require(json_is_string(json_object_get(shown, "digest")));
	require(json_is_object(json_object_get(shown, "sections")));
	char *text su_auto(su_free_ptr) = json_dumps(shown, JSON_COMPACT);
	require(text != NULL);
	require_harmless(shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct su_span input = su_span_of(data, size);

	try_options(input, (struct envelope_options){ .allow_untagged = true });
	try_options(input, (struct envelope_options){ .allow_untagged = true, .inspect = true });
	return 0;
}
