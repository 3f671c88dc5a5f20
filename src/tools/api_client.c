/* SPDX-License-Identifier: Apache-2.0 */
/* One libcurl handle, JSON in and out, problem documents turned into errors. */
#include "tools/api_client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "tools/whole_file.h"

#define API_MAX_REPLY_BYTES   (64u << 20)
#define API_CONNECT_TIMEOUT_S 10L
/* No limit on the whole transfer: an image may be large and a link slow. Only silence ends it. */
#define API_STALL_TIMEOUT_S 60L

struct api_client {
	CURL *curl;
	char *base;
	char *authorization;
	struct su_buf reply;
};

static size_t on_reply(char *data, size_t size, size_t count, void *arg)
{
	struct api_client *client = arg;
	if (client->reply.len + size * count > API_MAX_REPLY_BYTES)
		return 0;
	su_buf_append(&client->reply, data, size * count);
	return size * count;
}

static enum su_status read_token(const struct cli *cli, const char **out, struct su_error *err)
{
	const char *file = cli_value(cli, "token-file");
	*out = getenv("SUITD_TOKEN");
	if (file == NULL)
		return SU_OK;
	struct su_span text;
	SU_TRY(whole_file_read(cli->arena, file, 4096, &text, err));
	char *token = su_arena_strndup(cli->arena, text.data, text.len);
	token[strcspn(token, "\r\n")] = '\0';
	*out = token;
	return SU_OK;
}

enum su_status api_client_new(const struct cli *cli, struct api_client **out, struct su_error *err)
{
	const char *server = cli_value(cli, "server");
	if (server == NULL)
		server = getenv("SUITD_HTTP");
	if (server == NULL || *server == '\0')
		return su_fail(
			err, SU_INVALID, "", "which server? Give --server URL or set SUITD_HTTP");
	const char *token;
	SU_TRY(read_token(cli, &token, err));

	struct api_client *client = su_new(struct api_client);
	size_t len = strlen(server);
	while (len > 0 && server[len - 1] == '/')
		len--;
	client->base = su_printf("%.*s/api/v1", (int)len, server);
	if (token != NULL && *token != '\0')
		client->authorization = su_printf("Authorization: Bearer %s", token);
	client->curl = curl_easy_init();
	*out = client;
	return SU_OK;
}

void api_client_free(struct api_client **client)
{
	if (*client == NULL)
		return;
	curl_easy_cleanup((*client)->curl);
	su_buf_free(&(*client)->reply);
	free((*client)->base);
	free((*client)->authorization);
	free(*client);
	*client = NULL;
}

const char *api_segment(struct su_arena *arena, const char *text)
{
	char *escaped = curl_easy_escape(NULL, text, 0);
	const char *copy = su_arena_strdup(arena, escaped);
	curl_free(escaped);
	return copy;
}

/* The statuses of the interface, back to ours: they decide nothing but the wording. */
static enum su_status status_of_http(long http)
{
	switch (http) {
	case 401:
		return SU_UNAUTHENTICATED;
	case 403:
		return SU_DENIED;
	case 404:
		return SU_NOT_FOUND;
	case 409:
		return SU_CONFLICT;
	case 412:
		return SU_STALE;
	case 413:
		return SU_TOO_LARGE;
	case 422:
		return SU_UNAUTHENTIC;
	case 503:
		return SU_RETRY;
	default:
		return http < 500 ? SU_INVALID : SU_IO;
	}
}

static enum su_status problem(long http, json_t *reply_take, struct su_error *err)
{
	const char *detail = json_string_value(json_object_get(reply_take, "detail"));
	const char *title = json_string_value(json_object_get(reply_take, "title"));
	const char *field = json_string_value(json_object_get(reply_take, "field"));
	if (detail == NULL)
		detail = title != NULL ? title : "no explanation given";
	enum su_status status = su_fail(err, status_of_http(http), field != NULL ? field : "",
		"%s (HTTP %ld)", detail, http);
	json_decref(reply_take);
	return status;
}

static struct curl_slist *make_headers(const struct api_client *client, const char *content_type)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
	headers = curl_slist_append(headers, "Expect:");
	if (client->authorization != NULL)
		headers = curl_slist_append(headers, client->authorization);
	if (content_type != NULL) {
		char *line su_auto(su_free_ptr) = su_printf("Content-Type: %s", content_type);
		headers = curl_slist_append(headers, line);
	}
	return headers;
}

/* Method, body and callbacks are set by the caller before. */
static enum su_status perform(struct api_client *client, const char *path, const char *content_type,
	json_t **reply_out, struct su_error *err)
{
	char *url su_auto(su_free_ptr) = su_printf("%s%s", client->base, path);
	struct curl_slist *headers = make_headers(client, content_type);
	char curl_text[CURL_ERROR_SIZE] = "";
	su_buf_clear(&client->reply);
	curl_easy_setopt(client->curl, CURLOPT_URL, url);
	curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, on_reply);
	curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, client);
	curl_easy_setopt(client->curl, CURLOPT_ERRORBUFFER, curl_text);
	curl_easy_setopt(client->curl, CURLOPT_CONNECTTIMEOUT, API_CONNECT_TIMEOUT_S);
	curl_easy_setopt(client->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(client->curl, CURLOPT_LOW_SPEED_TIME, API_STALL_TIMEOUT_S);
	CURLcode code = curl_easy_perform(client->curl);
	curl_slist_free_all(headers);
	long http = 0;
	curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &http);
	curl_easy_reset(client->curl);
	if (code != CURLE_OK)
		return su_fail(err, SU_IO, "", "%s: %s", url,
			curl_text[0] != '\0' ? curl_text : curl_easy_strerror(code));

	json_t *reply = json_loadb((const char *)client->reply.data, client->reply.len, 0, NULL);
	if (http == 401 && client->authorization == NULL) {
		json_decref(reply);
		return su_fail(err, SU_UNAUTHENTICATED, "",
			"a token is needed: give --token-file FILE or set SUITD_TOKEN");
	}
	if (http < 200 || http > 299)
		return problem(http, reply, err);
	if (reply_out != NULL)
		*reply_out = reply;
	else
		json_decref(reply);
	return SU_OK;
}

enum su_status api_send_bytes(struct api_client *client, const char *method, const char *path,
	const char *content_type, struct su_span bytes, json_t **reply_out, struct su_error *err)
{
	curl_easy_setopt(
		client->curl, CURLOPT_POSTFIELDS, bytes.len > 0 ? (const char *)bytes.data : "");
	curl_easy_setopt(client->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)bytes.len);
	curl_easy_setopt(client->curl, CURLOPT_CUSTOMREQUEST, method);
	return perform(client, path, content_type, reply_out, err);
}

enum su_status api_call(struct api_client *client, const char *method, const char *path,
	json_t *body_take, json_t **reply_out, struct su_error *err)
{
	if (body_take == NULL && strcmp(method, "GET") == 0)
		return perform(client, path, NULL, reply_out, err);
	char *text su_auto(su_free_ptr) =
		body_take != NULL ? json_dumps(body_take, JSON_COMPACT) : NULL;
	json_decref(body_take);
	return api_send_bytes(client, method, path, text != NULL ? "application/json" : NULL,
		su_span_str(text), reply_out, err);
}

static void close_file(FILE **file)
{
	if (*file != NULL)
		fclose(*file);
}

enum su_status api_send_file(struct api_client *client, const char *path, const char *file,
	json_t **reply_out, struct su_error *err)
{
	FILE *in su_auto(close_file) = fopen(file, "rb");
	struct stat info;
	if (in == NULL || fstat(fileno(in), &info) != 0)
		return su_fail(err, SU_IO, file, "cannot be opened: %s", strerror(errno));
	curl_easy_setopt(client->curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(client->curl, CURLOPT_READDATA, in);
	curl_easy_setopt(client->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)info.st_size);
	return perform(client, path, "application/octet-stream", reply_out, err);
}
