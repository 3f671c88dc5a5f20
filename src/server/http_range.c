/* SPDX-License-Identifier: Apache-2.0 */
/* One range of bytes; a request for several is answered with the whole, as RFC 9110 14.2 allows. */
#include "server/http_range.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* Digits that overflow stand for the largest number: beyond every file. false: no digit. */
static bool take_number(const char **at, uint64_t *out)
{
	const char *start = *at;
	uint64_t number = 0;
	for (; **at >= '0' && **at <= '9'; (*at)++) {
		uint64_t digit = (uint64_t)(**at - '0');
		number = number > (UINT64_MAX - digit) / 10 ? UINT64_MAX : number * 10 + digit;
	}
	*out = number;
	return *at != start;
}

static void skip_blanks(const char **at)
{
	*at += strspn(*at, " \t");
}

/* "-500": the last 500 bytes. */
static enum http_range_verdict parse_suffix(const char *at, uint64_t size, struct http_range *out)
{
	uint64_t len;
	if (!take_number(&at, &len))
		return HTTP_RANGE_WHOLE;
	skip_blanks(&at);
	if (*at)
		return HTTP_RANGE_WHOLE;
	if (len == 0 || size == 0)
		return HTTP_RANGE_UNSATISFIABLE;
	out->len = len < size ? len : size;
	out->offset = size - out->len;
	return HTTP_RANGE_PART;
}

static enum http_range_verdict parse_spec(const char *at, uint64_t size, struct http_range *out)
{
	uint64_t first, last = UINT64_MAX;
	skip_blanks(&at);
	if (*at == '-')
		return parse_suffix(at + 1, size, out);
	if (!take_number(&at, &first) || *at++ != '-')
		return HTTP_RANGE_WHOLE;
	if (take_number(&at, &last) && last < first)
		return HTTP_RANGE_WHOLE;
	skip_blanks(&at);
	if (*at)
		return HTTP_RANGE_WHOLE;
	if (first >= size)
		return HTTP_RANGE_UNSATISFIABLE;
	if (at[-1] == '-' || last >= size)
		last = size - 1;
	out->offset = first;
	out->len = last - first + 1;
	return HTTP_RANGE_PART;
}

enum http_range_verdict http_range_parse(const char *range, const char *if_range, const char *etag,
	uint64_t size, struct http_range *out)
{
	*out = (struct http_range){ 0, size };
	if (!range || strncasecmp(range, "bytes=", 6))
		return HTTP_RANGE_WHOLE;
	/* Strong comparison; we give no dates, so none can match (RFC 9110 section 13.1.5). */
	if (if_range && strcmp(if_range, etag) != 0)
		return HTTP_RANGE_WHOLE;
	return parse_spec(range + 6, size, out);
}

bool http_range_etag_listed(const char *list, const char *etag)
{
	size_t len = strlen(etag);
	if (!list)
		return false;
	while (*list) {
		list += strspn(list, " \t,");
		if (*list == '*')
			return true;
		if (!strncmp(list, "W/", 2))
			list += 2;
		if (!strncmp(list, etag, len))
			return true;
		list += strcspn(list, ",");
	}
	return false;
}
