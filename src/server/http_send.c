/* SPDX-License-Identifier: Apache-2.0 */
/* From a reply to a response of libmicrohttpd. */
#include "server/http_send.h"

#include <string.h>
#include <strings.h>

static struct MHD_Response *response_of(struct http_exchange *exchange)
{
	struct http_reply *reply = &exchange->call.reply;
	struct MHD_Response *response;
	if (reply->fd >= 0) {
		response = MHD_create_response_from_fd_at_offset64(
			reply->file_bytes, reply->fd, reply->file_offset);
		if (response)
			reply->fd = -1;
		return response;
	}
	if (!reply->text)
		return MHD_create_response_from_buffer(reply->bytes.len,
			(void *)(uintptr_t)reply->bytes.data, MHD_RESPMEM_PERSISTENT);
	response = MHD_create_response_from_buffer(
		strlen(reply->text), reply->text, MHD_RESPMEM_MUST_FREE);
	if (response)
		reply->text = NULL;
	return response;
}

static void add_headers(struct MHD_Response *response, const struct http_reply *reply)
{
	bool has_type = false;
	for (size_t i = 0; i < reply->n_headers; i++)
		has_type |= !strcasecmp(reply->headers[i].name, MHD_HTTP_HEADER_CONTENT_TYPE);
	if (reply->content_type && !has_type)
		MHD_add_response_header(
			response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->content_type);
	for (size_t i = 0; i < reply->n_headers; i++)
		MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value);
}

enum MHD_Result http_send_reply(struct http_exchange *exchange)
{
	struct http_reply *reply = &exchange->call.reply;
	if (!reply->status)
		http_reply_problem(&exchange->call, MHD_HTTP_INTERNAL_SERVER_ERROR,
			"this request was not answered");
	struct MHD_Response *response = response_of(exchange);
	if (!response)
		return MHD_NO;
	add_headers(response, reply);
	http_log_reply(&exchange->front->log, &exchange->call, exchange->method);
	http_stats_add(&exchange->front->stats.replies[reply->status / 100 % 6]);
	enum MHD_Result result = MHD_queue_response(exchange->connection, reply->status, response);
	MHD_destroy_response(response);
	return result;
}
