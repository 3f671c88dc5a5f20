/* SPDX-License-Identifier: Apache-2.0 */
/* One libcurl handle per link; each request is a job of the worker pool. */
#include "tools/link_http.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define PLANE_PREFIX    "/device/v1"
#define STALL_TIMEOUT_S 60L
#define REPLY_MAX_BYTES 65536
#define ETAG_MAX_BYTES  128
#define LONGEST_AGE_S   31536000

struct link_http {
	struct link head;
	struct su_work *work;
	CURL *curl;
	char *server;
	char *authorization;
	atomic_bool halted;

	struct link_request request;
	link_sink_fn sink;
	link_reply_fn on_reply;
	void *arg;

	/* Filled by the job. */
	struct link_reply reply;
	char *location;
	struct su_buf etag; /* the text between the quotes */
	uint64_t received;
	struct su_buf text; /* body of anything that is no successful GET */
};

static void take_etag(struct link_http *link, const char *value, size_t len)
{
	const char *open = memchr(value, '"', len);
	if (open == NULL)
		return;
	open++;
	const char *close = memchr(open, '"', len - (size_t)(open - value));
	if (close != NULL && close - open <= ETAG_MAX_BYTES)
		su_buf_append(&link->etag, open, (size_t)(close - open));
}

/* Kept as the path that the device plane knows it by. */
static void take_location(struct link_http *link, const char *value, size_t len)
{
	char *url su_auto(su_free_ptr) = su_printf("%.*s", (int)len, value);
	char *path = url + strspn(url, " ");
	path[strcspn(path, "\r\n")] = '\0';
	const char *plane = strstr(path, PLANE_PREFIX);
	free(link->location);
	link->location = su_strdup(plane != NULL ? plane + strlen(PLANE_PREFIX) : path);
}

/* Of the directives only max-age (RFC 9111 section 5.2.2.1); a bound keeps the product small. */
static void take_freshness(struct link_http *link, const char *value, size_t len)
{
	char *text su_auto(su_free_ptr) = su_printf("%.*s", (int)len, value);
	const char *age = strcasestr(text, "max-age=");
	long seconds = age != NULL ? atol(age + 8) : 0;
	if (seconds > 0 && seconds <= LONGEST_AGE_S)
		link->reply.fresh_ms = INT64_C(1000) * seconds;
}

static size_t on_header(char *line, size_t size, size_t count, void *arg)
{
	struct link_http *link = arg;
	size_t len = size * count;
	if (len > 5 && strncasecmp(line, "etag:", 5) == 0)
		take_etag(link, line + 5, len - 5);
	if (len > 9 && strncasecmp(line, "location:", 9) == 0)
		take_location(link, line + 9, len - 9);
	if (len > 14 && strncasecmp(line, "cache-control:", 14) == 0)
		take_freshness(link, line + 14, len - 14);
	if (len > 12 && strncasecmp(line, "retry-after:", 12) == 0)
		link->reply.wait_ms = INT64_C(1000) * atoi(line + 12);
	return len;
}

/* The process ends: a transfer does not keep it waiting. */
static int on_progress(
	void *arg, curl_off_t to_get, curl_off_t got, curl_off_t to_send, curl_off_t sent)
{
	const struct link_http *link = arg;
	(void)to_get;
	(void)got;
	(void)to_send;
	(void)sent;
	return atomic_load(&link->halted);
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
	struct link_piece piece = {
		.offset = (http == 206 ? link->request.offset : 0) + link->received,
		.bytes = su_span_of(data, len),
		.etag = su_buf_span(&link->etag),
	};
	if (link->sink != NULL && !link->sink(link->arg, &piece))
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
	if ((http >= 200 && http < 300) || http == 304)
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
	if (link->request.wait_s > 0)
		headers = curl_slist_append(headers, "Accept: application/cbor");
	/* Not CURLOPT_RESUME_FROM: that takes an answer of 200, the whole anew, for a failure. */
	if (link->request.offset > 0) {
		char *line su_auto(su_free_ptr) =
			su_printf("Range: bytes=%llu-", (unsigned long long)link->request.offset);
		headers = curl_slist_append(headers, line);
	}
	struct su_span etag = link->request.etag;
	if (etag.len > 0) {
		char *line su_auto(su_free_ptr) = su_printf("%s: \"%.*s\"",
			link->request.offset > 0 ? "If-Range" : "If-None-Match", (int)etag.len,
			(const char *)etag.data);
		headers = curl_slist_append(headers, line);
	}
	return headers;
}

static char *make_url(const struct link_http *link)
{
	const struct link_request *request = &link->request;
	const char *prefix = request->plane ? PLANE_PREFIX : "";
	if (request->endpoint == NULL)
		return su_printf("%s%s%s", link->server, prefix, request->path);
	char *escaped = curl_easy_escape(link->curl, request->endpoint, 0);
	char *wait su_auto(su_free_ptr) =
		request->wait_s > 0 ? su_printf("&wait=%u", request->wait_s) : NULL;
	char *url = su_printf("%s%s%s?ep=%s%s", link->server, prefix, request->path, escaped,
		wait != NULL ? wait : "");
	curl_free(escaped);
	return url;
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

static void set_up(struct link_http *link, const char *url, struct curl_slist *headers)
{
	curl_easy_reset(link->curl);
	curl_easy_setopt(link->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(link->curl, CURLOPT_URL, url);
	curl_easy_setopt(link->curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(link->curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(link->curl, CURLOPT_HEADERDATA, link);
	curl_easy_setopt(link->curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(link->curl, CURLOPT_WRITEDATA, link);
	curl_easy_setopt(link->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(
		link->curl, CURLOPT_LOW_SPEED_TIME, STALL_TIMEOUT_S + (long)link->request.wait_s);
	curl_easy_setopt(link->curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(link->curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(link->curl, CURLOPT_XFERINFODATA, link);
	set_method(link);
}

static void run(void *arg, void *thread_context)
{
	struct link_http *link = arg;
	(void)thread_context;
	char *url su_auto(su_free_ptr) = make_url(link);
	struct curl_slist *headers = make_headers(link);
	set_up(link, url, headers);
	CURLcode code = curl_easy_perform(link->curl);
	curl_slist_free_all(headers);
	long http = 0;
	curl_easy_getinfo(link->curl, CURLINFO_RESPONSE_CODE, &http);
	if (code != CURLE_OK)
		link->reply.status =
			su_fail(&link->reply.error, SU_RETRY, "", "%s", curl_easy_strerror(code));
	else
		judge(link, http);
}

static void done(void *arg)
{
	struct link_http *link = arg;
	if (!atomic_load(&link->halted))
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
	link->received = 0;
	su_buf_clear(&link->etag);
	su_buf_clear(&link->text);
	free(link->location);
	link->location = NULL;
	struct su_job job = { run, done, link };
	/* The pool is made with room for every link of the process. */
	if (su_work_submit(link->work, job) != SU_OK)
		abort();
}

static void link_http_halt(struct link *head)
{
	atomic_store(&((struct link_http *)head)->halted, true);
}

static void link_http_free(struct link *head)
{
	struct link_http *link = (struct link_http *)head;
	curl_easy_cleanup(link->curl);
	su_buf_free(&link->etag);
	su_buf_free(&link->text);
	free(link->location);
	free(link->authorization);
	free(link->server);
	free(link);
}

static const struct link_operations operations = {
	link_http_send,
	link_http_halt,
	link_http_free,
	NULL,
	NULL,
};

enum su_status link_http_new(struct su_work *work, const char *server,
	const struct link_identity *identity, struct link **out, struct su_error *err)
{
	if (strncmp(server, "http://", 7) != 0 && strncmp(server, "https://", 8) != 0)
		return su_fail(
			err, SU_INVALID, "", "'%s' is neither a CoAP nor an HTTP address", server);
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
