/* SPDX-License-Identifier: Apache-2.0 */
/* The table, and the way from a path to its row. */
#include "server/coap_routes.h"

#include <string.h>

#include "server/coap_later.h"

const struct coap_route coap_routes[] = {
	{ "GET", "/.well-known/core", coap_wellknown_get, NULL, NULL },
	{ "POST", "/rd", coap_rd_register, "rt=\"core.rd\";ct=60", NULL },
	{ "POST", "/rd/{id}", coap_rd_update, NULL, NULL },
	{ "DELETE", "/rd/{id}", coap_rd_remove, NULL, NULL },
	{ "GET", "/suit/manifest", coap_manifest_get, "rt=\"suit.manifest\";ct=60;obs",
		coap_manifest_get_fast },
	{ "POST", "/suit/status", coap_status_post, "rt=\"suit.status\";ct=60", NULL },
	{ "POST", "/suit/report", coap_report_post, "rt=\"suit.report\"", NULL },
	{ "GET", "/blob/{digest}", coap_blob_get, NULL, coap_blob_get_fast },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const char *method_name(unsigned code)
{
	static const char *const names[] = { "", "GET", "POST", "PUT", "DELETE", "FETCH", "PATCH",
		"iPATCH" };
	return code < sizeof(names) / sizeof(names[0]) ? names[code] : "";
}

static bool path_matches(const char *path, const struct coap_request *request)
{
	for (size_t i = 0; i < request->n_segments; i++) {
		if (*path++ != '/')
			return false;
		size_t len = strcspn(path, "/");
		if (path[0] != '{' && (strlen(request->segments[i]) != len ||
					      strncmp(path, request->segments[i], len) != 0))
			return false;
		path += len;
	}
	return *path == '\0' && request->n_segments > 0;
}

/* NULL: no route has this path with this method; path_known_out: with another. */
static const struct coap_route *find(const struct coap_request *request, bool *path_known_out)
{
	const char *method = method_name(request->method);
	*path_known_out = false;
	for (const struct coap_route *route = coap_routes; route->method; route++) {
		if (!path_matches(route->path, request))
			continue;
		*path_known_out = true;
		if (strcmp(route->method, method) == 0)
			return route;
	}
	return NULL;
}

void coap_routes_serve(struct coap_exchange *exchange)
{
	const struct coap_request *request = &exchange->request;
	bool path_known;
	const struct coap_route *route = find(request, &path_known);
	if (route)
		route->handler(exchange);
	/* What is at no path of the table may be at the path of a manifest's own URI. */
	else if (!path_known && request->method == COAP_REQUEST_CODE_GET)
		coap_blob_get_path(exchange);
	else if (path_known)
		coap_exchange_answer_text(exchange, COAP_RESPONSE_CODE_NOT_ALLOWED,
			"this resource does not know the method");
	else
		coap_exchange_answer_text(
			exchange, COAP_RESPONSE_CODE_NOT_FOUND, "nothing is here");
}

bool coap_routes_serve_fast(struct coap_fast_call *call, struct coap_answer *out)
{
	bool path_known;
	const struct coap_route *route = find(&call->request, &path_known);
	if (route)
		return route->fast && (route->fast(call, out) || coap_later_put_off(call, out));
	return !path_known && coap_blob_get_path_fast(call, out);
}
