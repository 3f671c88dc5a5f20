/* SPDX-License-Identifier: Apache-2.0 */
/* Admission of a request. */
#include "server/http_gate.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "server/http_decode.h"
#include "server/http_routes.h"

#define REALM "Bearer realm=\"suitd\""

struct query_reading {
	struct http_call *call;
	struct http_pair *pairs;
	struct su_error err;
};

/* Whether name is one of the words of list, as far as the semicolon. */
static bool is_listed(const char *list, const char *name, size_t len)
{
	while (list && *list) {
		size_t word = strcspn(list, " ");
		if (word == len && !strncasecmp(list, name, len))
			return true;
		list += word + (list[word] == ' ');
	}
	return false;
}

/* libmicrohttpd hands over parameters as sent, but with plus signs made spaces. */
static enum MHD_Result read_parameter(void *arg, enum MHD_ValueKind kind, const char *key,
	size_t key_len, const char *value, size_t value_len)
{
	(void)kind;
	struct query_reading *reading = arg;
	struct http_call *call = reading->call;
	struct http_pair pair;
	if (http_decode_percent(call->arena, su_span_of(key, key_len), &pair.name, &reading->err) !=
			SU_OK ||
		http_decode_percent(call->arena, su_span_of(value, value_len), &pair.value,
			&reading->err) != SU_OK)
		return MHD_NO;
	bool known = is_listed(call->route->query, pair.name, strlen(pair.name));
	if (!known && is_listed(call->route->query, "*", 1))
		return MHD_YES;
	if (!known || http_call_query(call, pair.name)) {
		su_fail(&reading->err, SU_INVALID, pair.name,
			known ? "the query parameter %.100s is given twice"
			      : "there is no query parameter %.100s here",
			pair.name);
		return MHD_NO;
	}
	reading->pairs[call->n_query++] = pair;
	return MHD_YES;
}

static enum su_status read_query(struct http_exchange *exchange, struct su_error *err)
{
	struct http_call *call = &exchange->call;
	int n = MHD_get_connection_values(exchange->connection, MHD_GET_ARGUMENT_KIND, NULL, NULL);
	if (n <= 0)
		return SU_OK;
	struct query_reading reading = { .call = call };
	reading.pairs = su_arena_array(call->arena, (size_t)n, sizeof(*reading.pairs));
	call->query = reading.pairs;
	MHD_get_connection_values_n(
		exchange->connection, MHD_GET_ARGUMENT_KIND, read_parameter, &reading);
	if (reading.err.status != SU_OK && err)
		*err = reading.err;
	return reading.err.status;
}

static bool find_route(struct http_exchange *exchange)
{
	struct http_call *call = &exchange->call;
	struct su_error err = { 0 };
	char allow[HTTP_ROUTES_MAX_ALLOW] = "";
	enum su_status status = http_routes_find(call, exchange->method, allow, &err);
	if (status == SU_OK)
		return true;
	if (status == SU_DENIED) {
		http_reply_header(call, "Allow", "%s", allow);
		http_reply_problem(call, MHD_HTTP_METHOD_NOT_ALLOWED,
			"this path has no method %.20s", exchange->method);
	} else {
		http_reply_error(call, &err);
	}
	return false;
}

static bool accepts_type(struct http_exchange *exchange)
{
	struct http_call *call = &exchange->call;
	const struct http_route *route = call->route;
	const char *types = route->body == HTTP_BODY_JSON ? "application/json" : route->types;
	const char *type = http_call_header(call, "Content-Type");
	if (!types || exchange->announced_bytes == 0 || (!type && route->body == HTTP_BODY_JSON))
		return true;
	if (type && is_listed(types, type, strcspn(type, "; ")))
		return true;
	http_reply_problem(call, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
		"the body must be of type %s, not %.60s", types, type ? type : "unknown");
	return false;
}

static bool accepts_length(struct http_exchange *exchange)
{
	struct http_call *call = &exchange->call;
	uint64_t max = http_gate_max_body(exchange);
	if (exchange->announced_bytes == HTTP_BYTES_UNKNOWN && max > 0)
		return true;
	if (exchange->announced_bytes <= max)
		return true;
	if (max == 0)
		http_reply_problem(call, MHD_HTTP_BAD_REQUEST, "this request takes no body");
	else
		http_reply_problem(call, MHD_HTTP_CONTENT_TOO_LARGE,
			"the body may have %" PRIu64 " bytes", max);
	return false;
}

bool http_gate_open(struct http_exchange *exchange)
{
	struct su_error err = { 0 };
	if (!find_route(exchange))
		return false;
	if (read_query(exchange, &err) != SU_OK) {
		http_reply_error(&exchange->call, &err);
		return false;
	}
	return accepts_type(exchange) && accepts_length(exchange);
}

uint64_t http_gate_max_body(const struct http_exchange *exchange)
{
	const struct http_call *call = &exchange->call;
	switch (call->route->body) {
	case HTTP_BODY_JSON:
	case HTTP_BODY_RAW:
		return call->env->max_body_bytes;
	case HTTP_BODY_STREAM:
		return call->env->max_image_bytes;
	case HTTP_BODY_NONE:
		break;
	}
	return 0;
}

bool http_gate_asks_token(const struct http_exchange *exchange)
{
	const struct http_call *call = &exchange->call;
	bool is_open = (call->route->capabilities & HTTP_METRICS) && call->env->open_metrics;
	return call->route->capabilities && !is_open;
}

bool http_gate_read_token(struct http_exchange *exchange)
{
	struct http_call *call = &exchange->call;
	const char *secret = http_call_bearer(call);
	if (secret && *secret) {
		credential_hash_secret(secret, exchange->token_hash);
		return true;
	}
	http_reply_header(call, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "%s", REALM);
	http_reply_problem(
		call, MHD_HTTP_UNAUTHORIZED, "a token is needed: Authorization: Bearer <token>");
	return false;
}

void http_gate_refuse_token(struct http_exchange *exchange, const struct su_error *err)
{
	struct http_call *call = &exchange->call;
	if (err->status == SU_UNAUTHENTICATED)
		http_reply_header(call, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
			REALM ", error=\"invalid_token\", error_description=\"%s\"", err->text);
	if (err->status == SU_DENIED)
		http_reply_header(call, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
			REALM ", error=\"insufficient_scope\"");
	http_reply_error(call, err);
}

bool http_gate_judge_token(struct http_exchange *exchange)
{
	struct http_call *call = &exchange->call;
	struct su_error err = { 0 };
	if (auth_judge(&exchange->token, call->route->capabilities & ~HTTP_METRICS, call->now_ms,
		    &err) != SU_OK) {
		http_gate_refuse_token(exchange, &err);
		return false;
	}
	call->actor = &exchange->token;
	return true;
}
