/* SPDX-License-Identifier: Apache-2.0 */
/* /.well-known/core: what is here, in link format (RFC 6690). Filters are not applied. */
#include "server/coap_routes.h"

void coap_wellknown_get(struct coap_exchange *exchange)
{
	struct su_buf links = { 0 };
	for (const struct coap_route *route = coap_routes; route->method; route++)
		if (route->link)
			su_buf_printf(&links, "%s<%s>;%s", links.len > 0 ? "," : "", route->path,
				route->link);
	struct coap_content content = {
		.bytes = su_arena_copy(exchange->arena, su_buf_span(&links)),
		.content_format = COAP_MEDIATYPE_APPLICATION_LINK_FORMAT,
	};
	su_buf_free(&links);
	coap_exchange_answer_content(exchange, &content);
}
