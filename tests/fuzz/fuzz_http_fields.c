/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Header fields and URIs as clients send them: the first byte picks the reader, the rest is the
 * text. Whatever a range reader accepts lies within the file.
 */
#include <stdlib.h>
#include <string.h>

#include "server/http_decode.h"
#include "server/http_range.h"
#include "server/http_routes.h"
#include "server/http_tus.h"
#include "server/net_address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILE_BYTES 1000

static void read_range(const char *text)
{
	struct http_range range;
	if (http_range_parse(text, NULL, "\"abc\"", FILE_BYTES, &range) == HTTP_RANGE_PART &&
		(range.len == 0 || range.offset >= FILE_BYTES ||
			range.len > FILE_BYTES - range.offset))
		abort();
	http_range_etag_listed(text, "\"abc\"");
}

static void read_tus(struct http_call *call)
{
	struct http_tus_checksum checksum;
	const char *digest;
	uint64_t number;
	if (http_tus_number(call, "Upload-Length", &number, NULL) == SU_OK && number >= 1ULL << 62)
		abort();
	if (http_tus_metadata(call, "digest", &digest, NULL) == SU_OK &&
		http_tus_checksum(call, &checksum, NULL) == SU_OK)
		return;
}

static void read_call(struct http_call *call, unsigned kind, char *text)
{
	char allow[HTTP_ROUTES_MAX_ALLOW];
	struct net_address address;
	const char *decoded;
	size_t len = strlen(text);
	if (kind == 0)
		read_range(text);
	else if (kind == 1)
		read_tus(call);
	else if (kind == 2 &&
		 http_decode_percent(call->arena, su_span_of(text, len), &decoded, NULL) == SU_OK &&
		 strlen(decoded) > len)
		abort();
	call->path = text;
	if (kind == 3 && http_routes_find(call, "GET", allow, NULL) == SU_OK && !call->route)
		abort();
	if (kind == 4 && net_address_parse(text, &address, NULL) == SU_OK && !address.len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct su_arena *arena = su_arena_new();
	char *text = su_arena_strndup(arena, data + 1, size - 1);
	const struct http_env env = { .max_body_bytes = 1000 };
	const struct http_pair headers[] = { { "Upload-Length", text }, { "Upload-Metadata", text },
		{ "Upload-Checksum", text } };
	struct http_call call = {
		.env = &env, .arena = arena, .path = "/", .headers = headers, .n_headers = 3
	};
	read_call(&call, data[0] % 5U, text);
	su_arena_free(&arena);
	return 0;
}
