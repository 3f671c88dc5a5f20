/* SPDX-License-Identifier: Apache-2.0 */
/* The management interface as suitctl calls it. */
#pragma once

#include <jansson.h>

#include "tools/cli.h"

struct api_client;

/* Server and token from the options of the command, else from $SUITD_HTTP and $SUITD_TOKEN. */
enum su_status api_client_new(
	const struct cli *cli, struct api_client **out, struct su_error *err) SU_MUST_CHECK;
void api_client_free(struct api_client **client);

/* Percent-encodes one path segment. */
const char *api_segment(struct su_arena *arena, const char *text);

/*
 * One request with an optional JSON body. path begins with '/', below /api/v1. reply_out (NULL
 * allowed) is NULL when the answer has no body. A problem document becomes err: its detail, its field.
 */
enum su_status api_call(struct api_client *client, const char *method, const char *path,
	json_t *body_take, json_t **reply_out, struct su_error *err) SU_MUST_CHECK;

/* A body of bytes, sent from memory. */
enum su_status api_send_bytes(struct api_client *client, const char *method, const char *path,
	const char *content_type, struct su_span bytes, json_t **reply_out,
	struct su_error *err) SU_MUST_CHECK;
/* A body streamed from a file of any length. */
enum su_status api_send_file(struct api_client *client, const char *path, const char *file,
	json_t **reply_out, struct su_error *err) SU_MUST_CHECK;
