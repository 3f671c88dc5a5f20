/* SPDX-License-Identifier: Apache-2.0 */
/* The table, and the way from a path to its row. */
#include "server/coap_routes.h"

#include <string.h>

const struct coap_route coap_routes[] = {
	{ "/.well-known/core", COAP_REQUEST_CODE_GET, coap_wellknown_get, NULL },
	{ "/rd", COAP_REQUEST_CODE_POST, coap_rd_register, "rt=\"core.rd\";ct=60" },
	{ "/rd/{id}", COAP_REQUEST_CODE_POST, coap_rd_update, NULL },
	{ "/rd/{id}", COAP_REQUEST_CODE_DELETE, coap_rd_remove, NULL },
	{ "/suit/manifest", COAP_REQUEST_CODE_GET, coap_manifest_get,
		"rt=\"suit.manifest\";ct=60;obs" },
	{ "/suit/status", COAP_REQUEST_CODE_POST, coap_status_post, "rt=\"suit.status\";ct=60" },
	{ "/suit/report", COAP_REQUEST_CODE_POST, coap_report_post, "rt=\"suit.report\"" },
	{ "/blob/{digest}", COAP_REQUEST_CODE_GET, coap_blob_get, NULL },
	{ NULL, 0, NULL, NULL },
};

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
	bool path_known = false;
	for (const struct coap_route *route = coap_routes; route->path; route++) {
		if (!path_matches(route->path, request))
			continue;
		if (route->method == request->method) {
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
