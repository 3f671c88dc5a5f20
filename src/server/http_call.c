/* SPDX-License-Identifier: Apache-2.0 */
/* What handlers ask about their call. */
#include "server/http_call.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DEFAULT_LIMIT 100
#define MAX_LIMIT     1000

const char *http_call_header(const struct http_call *call, const char *name)
{
	for (size_t i = 0; i < call->n_headers; i++)
		if (!strcasecmp(call->headers[i].name, name))
			return call->headers[i].value;
	return NULL;
}

const char *http_call_query(const struct http_call *call, const char *name)
{
	for (size_t i = 0; i < call->n_query; i++)
		if (!strcmp(call->query[i].name, name))
			return call->query[i].value;
	return NULL;
}

const char *http_call_bearer(const struct http_call *call)
{
	const char *header = http_call_header(call, "Authorization");
	if (!header || strncasecmp(header, "Bearer ", 7))
		return NULL;
	header += 7;
	return header + strspn(header, " ");
}

/* Decimal digits and nothing else. */
static bool parse_number(const char *text, int64_t max, int64_t *out)
{
	char *end;
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	intmax_t number = strtoimax(text, &end, 10);
	if (errno || *end || number > max)
		return false;
	*out = number;
	return true;
}

enum su_status http_call_limit(const struct http_call *call, size_t *out, struct su_error *err)
{
	const char *text = http_call_query(call, "limit");
	int64_t limit = DEFAULT_LIMIT;
	if (text && (!parse_number(text, MAX_LIMIT, &limit) || limit < 1))
		return su_fail(
			err, SU_INVALID, "limit", "limit must be a number from 1 to %d", MAX_LIMIT);
	*out = (size_t)limit;
	return SU_OK;
}

enum su_status http_call_number(
	const struct http_call *call, const char *name, int64_t *out, struct su_error *err)
{
	const char *text = http_call_query(call, name);
	if (text && !parse_number(text, INT64_MAX, out))
		return su_fail(err, SU_INVALID, name, "%s must be a number", name);
	return SU_OK;
}

enum su_status http_call_if_match(const struct http_call *call, int64_t *out, struct su_error *err)
{
	const char *text = http_call_header(call, "If-Match");
	*out = 0;
	if (!text || !strcmp(text, "*"))
		return SU_OK;
	size_t len = strlen(text);
	char digits[24] = "";
	if (len > 2 && len - 2 < sizeof(digits) && text[0] == '"' && text[len - 1] == '"')
		memcpy(digits, text + 1, len - 2);
	if (!parse_number(digits, INT64_MAX, out) || *out == 0)
		return su_fail(
			err, SU_STALE, "If-Match", "If-Match names no version of this resource");
	return SU_OK;
}
