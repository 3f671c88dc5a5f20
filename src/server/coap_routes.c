/* SPDX-License-Identifier: Apache-2.0 */
/* The table, and the way from a path to its row. */
#include "server/coap_routes.h"

#include <string.h>

const struct coap_route coap_routes[] = {
	{ "GET", "/.well-known/core", coap_wellknown_get, NULL },
	{ "POST", "/rd", coap_rd_register, "rt=\"core.rd\";ct=60" },
	{ "POST", "/rd/{id}", coap_rd_update, NULL },
	{ "DELETE", "/rd/{id}", coap_rd_remove, NULL },
	{ "GET", "/suit/manifest", coap_manifest_get, "rt=\"suit.manifest\";ct=60;obs" },
	{ "POST", "/suit/status", coap_status_post, "rt=\"suit.status\";ct=60" },
	{ "POST", "/suit/report", coap_report_post, "rt=\"suit.report\"" },
	{ "GET", "/blob/{digest}", coap_blob_get, NULL },
	{ NULL, NULL, NULL, NULL },
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

void coap_routes_serve(struct coap_exchange *exchange)
{
	const struct coap_request *request = &exchange->request;
	const char *method = method_name(request->method);
	bool path_known = false;
	for (const struct coap_route *route = coap_routes; route->method; route++) {
		if (!path_matches(route->path, request))
			continue;
		if (strcmp(route->method, method) == 0) {
			route->handler(exchange);
			return;
		}
		path_known = true;
	}
	/* What is at no path of the table may be at the path of a manifest's own URI. */
	if (!path_known && request->method == COAP_REQUEST_CODE_GET)
		coap_blob_get_path(exchange);
	else if (path_known)
		coap_reply_text(exchange, COAP_RESPONSE_CODE_NOT_ALLOWED,
			"this resource does not know the method");
	else
		coap_reply_text(exchange, COAP_RESPONSE_CODE_NOT_FOUND, "nothing is here");
}
