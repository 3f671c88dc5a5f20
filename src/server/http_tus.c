/* SPDX-License-Identifier: Apache-2.0 */
/* Parsing is strict: what is malformed is refused, never guessed. */
#include "server/http_tus.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hex.h"
#include "base/utf8.h"

#define PRECONDITION_FAILED 412

enum su_status http_tus_begin(struct http_call *call, struct su_error *err)
{
	const char *version = http_call_header(call, "Tus-Resumable");
	http_reply_header(call, "Tus-Resumable", HTTP_TUS_VERSION);
	if (version && !strcmp(version, HTTP_TUS_VERSION))
		return SU_OK;
	http_reply_header(call, "Tus-Version", HTTP_TUS_VERSION);
	http_reply_problem(call, PRECONDITION_FAILED,
		"the header Tus-Resumable: " HTTP_TUS_VERSION " is needed");
	return su_fail(err, SU_STALE, "Tus-Resumable", "another version of tus is asked for");
}

enum su_status http_tus_number(
	const struct http_call *call, const char *header, uint64_t *out, struct su_error *err)
{
	const char *text = http_call_header(call, header);
	if (!text)
		return su_fail(err, SU_INVALID, header, "the header %s is missing", header);
	size_t len = strlen(text);
	if (!len || len > 18 || strspn(text, "0123456789") != len)
		return su_fail(err, SU_INVALID, header, "%s must be a number", header);
	*out = strtoull(text, NULL, 10);
	return SU_OK;
}

static struct su_span next_word(const char **at, const char *separators)
{
	*at += strspn(*at, " ");
	size_t len = strcspn(*at, separators);
	struct su_span word = su_span_of(*at, len);
	*at += len;
	return word;
}

enum su_status http_tus_metadata(
	const struct http_call *call, const char *key, const char **out, struct su_error *err)
{
	const char *at = http_call_header(call, "Upload-Metadata");
	*out = NULL;
	while (at && *at) {
		struct su_span value, name = next_word(&at, " ,");
		struct su_span encoded = next_word(&at, ",");
		while (encoded.len && encoded.data[encoded.len - 1] == ' ')
			encoded.len--;
		if (!name.len || su_base64_decode(call->arena, encoded, &value, NULL) != SU_OK)
			return su_fail(err, SU_INVALID, "Upload-Metadata",
				"Upload-Metadata must be pairs of a key and a base64 value");
		if (su_span_equal_str(name, key))
			*out = su_arena_strndup(call->arena, value.data, value.len);
		at += *at == ',';
	}
	return SU_OK;
}

enum su_status http_tus_checksum(
	const struct http_call *call, struct http_tus_checksum *out, struct su_error *err)
{
	const char *at = http_call_header(call, "Upload-Checksum");
	*out = (struct http_tus_checksum){ NULL, SU_SPAN_EMPTY };
	if (!at)
		return SU_OK;
	struct su_span name = next_word(&at, " ");
	struct su_span encoded = next_word(&at, " ");
	if (!name.len || !encoded.len || *at ||
		su_base64_decode(call->arena, encoded, &out->sum, NULL) != SU_OK)
		return su_fail(err, SU_INVALID, "Upload-Checksum",
			"Upload-Checksum must be an algorithm and a base64 value");
	out->algorithm = su_arena_strndup(call->arena, name.data, name.len);
	return SU_OK;
}

/* IMF-fixdate (RFC 9110 section 5.6.7), as the expiration extension wants it. */
static void reply_expiry(struct http_call *call, int64_t expires_at_ms)
{
	char text[40];
	struct tm parts;
	time_t seconds = (time_t)(expires_at_ms / 1000);
	if (gmtime_r(&seconds, &parts) &&
		strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts))
		http_reply_header(call, "Upload-Expires", "%s", text);
}

void http_tus_reply_progress(struct http_call *call, const struct upload *upload, uint64_t offset)
{
	char digest[DIGEST_TEXT_SIZE];
	http_reply_header(call, "Upload-Offset", "%" PRIu64, offset);
	if (digest_is_set(&upload->finished)) {
		digest_format(&upload->finished, digest);
		http_reply_header(call, "Suitd-Image", "%s", digest);
	} else {
		reply_expiry(call, upload->expires_at_ms);
	}
}
