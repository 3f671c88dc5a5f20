/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Content-addressed files: images and envelopes. The only place that opens them.
 * Layout below the root: blob/<aa>/<sha256 hex>, upload/<name>, temp/<uuid>. A blob appears by rename after
 * fsync, so a reader sees all of it or nothing. All functions may block (not for the loop), except
 * where noted.
 */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "model/digest.h"

struct blob_store;

/* Creates the folders, removes writers' left-overs of an earlier run (not resumable uploads). */
enum su_status blob_store_open(
	const char *root, struct blob_store **out, struct su_error *err) SU_MUST_CHECK;
void blob_store_close(struct blob_store **store);
/* Whether an image can be stored now. SU_FULL: there is no room, or the directory is read-only. */
enum su_status blob_store_check_room(struct blob_store *store, struct su_error *err) SU_MUST_CHECK;

/* A file that grows while it is hashed. */
struct blob_writer;
enum su_status blob_writer_new(
	struct blob_store *store, struct blob_writer **out, struct su_error *err) SU_MUST_CHECK;
/* Resumable: the file upload/<name> is created, or opened to go on at its end. SU_BUSY while another
 * writer (also of another process) has it open. */
enum su_status blob_writer_resume(struct blob_store *store, const char *name,
	struct blob_writer **out, struct su_error *err) SU_MUST_CHECK;
/* On a fault (SU_FULL: disk full) nothing was appended. */
enum su_status blob_writer_append(
	struct blob_writer *writer, struct su_span bytes, struct su_error *err) SU_MUST_CHECK;
/* Cuts back to length (a chunk whose checksum failed). */
enum su_status blob_writer_truncate(
	struct blob_writer *writer, uint64_t length, struct su_error *err) SU_MUST_CHECK;
enum su_status blob_writer_sync(struct blob_writer *writer, struct su_error *err) SU_MUST_CHECK;
uint64_t blob_writer_length(const struct blob_writer *writer);
/* fsync, rename to the digest's name, fsync the folder. expected (NULL: any) must match, else
 * SU_UNAUTHENTIC and the file is gone. The writer is consumed either way. */
enum su_status blob_writer_finish_take(struct blob_writer **writer, const struct digest *expected,
	struct digest *out, struct su_error *err) SU_MUST_CHECK;
void blob_writer_abort(struct blob_writer **writer); /* deletes the file */
void blob_writer_close(struct blob_writer **writer); /* keeps a resumable file */
/* Length of upload/<name> on disk; SU_NOT_FOUND. */
enum su_status blob_upload_length(struct blob_store *store, const char *name, uint64_t *out,
	struct su_error *err) SU_MUST_CHECK;
void blob_upload_remove(struct blob_store *store, const char *name);

enum su_status blob_put(struct blob_store *store, struct su_span bytes, struct digest *out,
	struct su_error *err) SU_MUST_CHECK;
/* The whole blob; for envelopes, bounded by max_bytes. */
enum su_status blob_read(struct blob_store *store, const struct digest *digest, size_t max_bytes,
	struct su_arena *arena, struct su_span *out, struct su_error *err) SU_MUST_CHECK;
/* An open descriptor for sendfile; the caller closes it. */
enum su_status blob_open_fd(struct blob_store *store, const struct digest *digest, int *fd_out,
	uint64_t *size_out, struct su_error *err) SU_MUST_CHECK;
bool blob_exists(struct blob_store *store, const struct digest *digest);

/*
 * A shared read-only mapping, kept in a bounded cache. Fit for the loop: at most an open and an
 * mmap. The span is valid until blob_unmap. Only for one thread: the loop's. Of what is read from
 * it near to each other after each blob_map, a bounded amount stays in the memory of the process,
 * however large the blobs are.
 */
struct blob_mapping;
enum su_status blob_map(struct blob_store *store, const struct digest *digest,
	struct blob_mapping **out, struct su_error *err) SU_MUST_CHECK;
struct su_span blob_mapping_span(const struct blob_mapping *mapping);
void blob_unmap(struct blob_mapping **mapping);
