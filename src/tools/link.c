/* SPDX-License-Identifier: Apache-2.0 */
/* Dispatch to the transport. */
#include "tools/link.h"

#include <stddef.h>

void link_send(struct link *link, const struct link_request *request, link_sink_fn sink,
	link_reply_fn on_reply, void *arg)
{
	link->operations->send(link, request, sink, on_reply, arg);
}

void link_halt(struct link *link)
{
	link->operations->halt(link);
}

void link_free(struct link **link)
{
	if (*link != NULL)
		(*link)->operations->free(*link);
	*link = NULL;
}

bool link_listen(struct link *link, link_listen_fn on_call, void *arg)
{
	if (link->operations->listen == NULL)
		return false;
	link->operations->listen(link, on_call, arg);
	return true;
}

void link_sleep(struct link *link)
{
	if (link->operations->sleep != NULL)
		link->operations->sleep(link);
}
