/* SPDX-License-Identifier: Apache-2.0 */
/* The header fields of tus 1.0 (resumable uploads), read and written. */
#pragma once

#include "model/image.h"
#include "server/http_call.h"

#define HTTP_TUS_VERSION           "1.0.0"
#define HTTP_TUS_EXTENSIONS        "creation,checksum,expiration,termination"
#define HTTP_TUS_CHECKSUM_MISMATCH 460
#define HTTP_TUS_LOCKED            423

/* Sets Tus-Resumable; replies 412 and fails when the client speaks another version. */
enum su_status http_tus_begin(struct http_call *call, struct su_error *err) SU_MUST_CHECK;

/* Upload-Offset, Upload-Length: SU_INVALID when absent or no number. */
enum su_status http_tus_number(const struct http_call *call, const char *header, uint64_t *out,
	struct su_error *err) SU_MUST_CHECK;

/* The value of key in Upload-Metadata; NULL: not there. SU_INVALID: malformed. */
enum su_status http_tus_metadata(const struct http_call *call, const char *key, const char **out,
	struct su_error *err) SU_MUST_CHECK;

/* "Upload-Checksum: sha1 <base64>"; algorithm NULL: no such header. */
struct http_tus_checksum {
	const char *algorithm;
	struct su_span sum;
};
enum su_status http_tus_checksum(const struct http_call *call, struct http_tus_checksum *out,
	struct su_error *err) SU_MUST_CHECK;

/* Upload-Offset, and Upload-Expires or Suitd-Image. */
void http_tus_reply_progress(struct http_call *call, const struct upload *upload, uint64_t offset);
