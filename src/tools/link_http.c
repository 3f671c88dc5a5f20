/* SPDX-License-Identifier: Apache-2.0 */
/* One libcurl handle per link; each request is a job of the worker pool. */
#include "tools/link_http.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/memory.h"

#define PLANE_PREFIX    "/device/v1"
#define STALL_TIMEOUT_S 60L
#define REPLY_MAX_BYTES 65536

struct link_http {
	struct link head;
	struct su_work *work;
	CURL *curl;
	char *server;
	char *authorization;
	bool busy, forgotten; /* freed while a job runs: the job's end frees it */

	struct link_request request;
	link_sink_fn sink;
	link_reply_fn on_reply;
	void *arg;

	/* Filled by the job. */
	struct link_reply reply;
	char *location;
	uint8_t etag[64];
	size_t etag_len;
	uint64_t received;
	struct su_buf text; /* body of anything that is no successful GET */
};

/* The ETag of the plane is the digest in hexadecimal between quotes. */
static void take_etag(struct link_http *link, const char *value, size_t len)
{
	while (len > 0 && strchr(" \t\r\n\"", value[len - 1]) != NULL)
		len--;
	while (len > 0 && strchr(" \t\"", *value) != NULL) {
		value++;
		len--;
	}
	if (su_hex_decode(su_span_of(value, len), link->etag, sizeof(link->etag), &link->etag_len,
		    NULL) != SU_OK)
		link->etag_len = 0;
}

static size_t on_header(char *line, size_t size, size_t count, void *arg)
{
	struct link_http *link = arg;
	size_t len = size * count;
	if (len > 5 && strncasecmp(line, "etag:", 5) == 0)
		take_etag(link, line + 5, len - 5);
	if (len > 9 && strncasecmp(line, "location:", 9) == 0) {
		free(link->location);
		link->location = su_printf("%.*s", (int)(len - 9), line + 9);
		char *path = link->location + strspn(link->location, " ");
		path[strcspn(path, "\r\n")] = '\0';
		const char *plane = strstr(path, PLANE_PREFIX);
		memmove(link->location, plane != NULL ? plane + strlen(PLANE_PREFIX) : path,
			strlen(plane != NULL ? plane + strlen(PLANE_PREFIX) : path) + 1);
	}
	return len;
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
	struct link_http *link = arg;
	long http = 0;
	size_t len = size * count;
	curl_easy_getinfo(link->curl, CURLINFO_RESPONSE_CODE, &http);
	if ((http != 200 && http != 206) || link->request.method != LINK_GET) {
		if (link->text.len + len <= REPLY_MAX_BYTES)
			su_buf_append(&link->text, data, len);
		return len;
	}
	uint64_t base = http == 206 ? link->request.offset : 0;
	if (link->sink != NULL &&
		!link->sink(link->arg, base + link->received, su_span_of(data, len),
			su_span_of(link->etag, link->etag_len), 0))
		return 0;
	link->received += len;
	return len;
}

static void explain(struct link_http *link, enum su_status status)
{
	json_t *problem = json_loadb((const char *)link->text.data, link->text.len, 0, NULL);
	const char *detail = json_string_value(json_object_get(problem, "detail"));
	link->reply.status = su_fail(
		&link->reply.error, status, "", "%s", detail != NULL ? detail : "no reason given");
	json_decref(problem);
}

static void judge(struct link_http *link, long http)
{
	link->reply.location = link->location;
	link->reply.unchanged = http == 304;
	if ((http >= 200 && http < 300) || http == 304 || http == 416)
		return;
	if (http >= 500 || http == 429)
		explain(link, SU_RETRY);
	else if (http == 404)
		explain(link, SU_NOT_FOUND);
	else if (http == 401 || http == 403)
		explain(link, SU_DENIED);
	else
		explain(link, http == 409 ? SU_CONFLICT : SU_INVALID);
}

static struct curl_slist *make_headers(const struct link_http *link)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
	if (link->authorization != NULL)
		headers = curl_slist_append(headers, link->authorization);
	if (link->request.body.len > 0)
		headers = curl_slist_append(headers, "Content-Type: application/cbor");
	if (link->request.etag.len > 0 && link->request.etag.len <= 64) {
		char hex[2 * 64 + 1];
		su_hex_encode(link->request.etag, hex);
		char *line su_auto(su_free_ptr) = su_printf("If-None-Match: \"%s\"", hex);
		headers = curl_slist_append(headers, line);
	}
	return headers;
}

static char *make_url(const struct link_http *link)
{
	const struct link_request *request = &link->request;
	return su_printf("%s%s%s%s%s", link->server, request->plane ? PLANE_PREFIX : "",
		request->path, request->query != NULL ? "?" : "",
		request->query != NULL ? request->query : "");
}

static void set_method(struct link_http *link)
{
	if (link->request.method == LINK_DELETE)
		curl_easy_setopt(link->curl, CURLOPT_CUSTOMREQUEST, "DELETE");
	if (link->request.method != LINK_POST)
		return;
	curl_easy_setopt(link->curl, CURLOPT_POSTFIELDS,
		link->request.body.len > 0 ? (const char *)link->request.body.data : "");
	curl_easy_setopt(link->curl, CURLOPT_POSTFIELDSIZE, (long)link->request.body.len);
}

static void run(void *arg, void *thread_context)
{
	struct link_http *link = arg;
	(void)thread_context;
	char *url su_auto(su_free_ptr) = make_url(link);
	struct curl_slist *headers = make_headers(link);
	curl_easy_reset(link->curl);
	curl_easy_setopt(link->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(link->curl, CURLOPT_URL, url);
	curl_easy_setopt(link->curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(link->curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(link->curl, CURLOPT_HEADERDATA, link);
	curl_easy_setopt(link->curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(link->curl, CURLOPT_WRITEDATA, link);
	curl_easy_setopt(link->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(link->curl, CURLOPT_LOW_SPEED_TIME, STALL_TIMEOUT_S);
	if (link->request.offset > 0)
		curl_easy_setopt(
			link->curl, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)link->request.offset);
	set_method(link);
	CURLcode code = curl_easy_perform(link->curl);
	curl_slist_free_all(headers);
	long http = 0;
	curl_easy_getinfo(link->curl, CURLINFO_RESPONSE_CODE, &http);
	if (code != CURLE_OK && http != 416)
		link->reply.status =
			su_fail(&link->reply.error, SU_RETRY, "", "%s", curl_easy_strerror(code));
	else
		judge(link, http);
}

static void destroy(struct link_http *link)
{
	curl_easy_cleanup(link->curl);
	su_buf_free(&link->text);
	free(link->location);
	free(link->authorization);
	free(link->server);
	free(link);
}

static void done(void *arg)
{
	struct link_http *link = arg;
	link->busy = false;
	if (link->forgotten)
		destroy(link);
	else
		link->on_reply(link->arg, &link->reply);
}

static void link_http_send(struct link *head, const struct link_request *request, link_sink_fn sink,
	link_reply_fn on_reply, void *arg)
{
	struct link_http *link = (struct link_http *)head;
	link->request = *request;
	link->sink = sink;
	link->on_reply = on_reply;
	link->arg = arg;
	link->reply = (struct link_reply){ .status = SU_OK };
	link->etag_len = 0;
	link->received = 0;
	su_buf_clear(&link->text);
	free(link->location);
	link->location = NULL;
	link->busy = true;
	struct su_job job = { run, done, link };
	/* The pool is made with room for every link of the process. */
	if (su_work_submit(link->work, job) != SU_OK)
		abort();
}

static void link_http_free(struct link *head)
{
	struct link_http *link = (struct link_http *)head;
	link->forgotten = true;
	if (!link->busy)
		destroy(link);
}

static const struct link_operations operations = { link_http_send, link_http_free };

enum su_status link_http_new(struct su_work *work, const char *server,
	const struct link_identity *identity, struct link **out, struct su_error *err)
{
	if (strncmp(server, "http://", 7) != 0 && strncmp(server, "https://", 8) != 0)
		return su_fail(err, SU_INVALID, "", "'%s' is not an HTTP address", server);
	struct link_http *link = su_new(struct link_http);
	size_t len = strlen(server);
	while (len > 0 && server[len - 1] == '/')
		len--;
	link->head.operations = &operations;
	link->work = work;
	link->curl = curl_easy_init();
	link->server = su_printf("%.*s", (int)len, server);
	if (identity->token != NULL)
		link->authorization = su_printf("Authorization: Bearer %s", identity->token);
	*out = &link->head;
	return SU_OK;
}
