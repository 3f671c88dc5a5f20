/* SPDX-License-Identifier: Apache-2.0 */
/* Appending blocks to a file; the ETag of the first attempt is kept beside it. */
#include "tools/device_download.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "tools/whole_file.h"

/* Resuming needs a whole number of the largest CoAP blocks. */
#define RESUME_GRAIN_BYTES 1024
#define MAX_UNKNOWN_BYTES  (UINT64_C(1) << 32)
#define ETAG_MAX_BYTES     128

struct device_download {
	struct device_download_opts opts;
	struct su_arena *arena;
	int fd;
	const char *part, *path, *etag_file;
	struct su_span etag; /* of what is in the part file; empty: it cannot be resumed */
	uint64_t length;
	struct su_error fault; /* found by the sink */
};

/* The path of an absolute URI, or the URI itself when it is a path. */
static const char *path_of(struct su_arena *arena, const char *uri)
{
	const char *scheme_end = strstr(uri, "://");
	if (scheme_end == NULL)
		return *uri == '/' ? uri : su_arena_printf(arena, "/%s", uri);
	const char *path = strchr(scheme_end + 3, '/');
	return path != NULL ? path : "/";
}

static bool fault(struct device_download *download, enum su_status status, const char *text)
{
	su_fail(&download->fault, status, "", "%s", text);
	return false;
}

/* Without its ETag the part is worth nothing: it goes before another part comes. */
static bool begin_anew(struct device_download *download, struct su_span etag)
{
	unlink(download->etag_file);
	download->length = 0;
	download->etag = su_arena_copy(download->arena, etag);
	if (ftruncate(download->fd, 0) != 0)
		return fault(download, SU_IO, strerror(errno));
	if (etag.len == 0)
		return true;
	return whole_file_write(download->etag_file, etag, 0644, &download->fault) == SU_OK;
}

static bool on_piece(void *arg, const struct link_piece *piece)
{
	struct device_download *download = arg;
	uint64_t known = download->opts.size_bytes;
	uint64_t limit = known > 0 ? known : MAX_UNKNOWN_BYTES;
	if (download->fault.status != SU_OK)
		return false;
	if (piece->offset == 0 && !begin_anew(download, piece->etag))
		return false;
	if (!su_span_equal(piece->etag, download->etag)) {
		if (!begin_anew(download, SU_SPAN_EMPTY))
			return false;
		return fault(download, SU_RETRY, "the payload has changed on the server");
	}
	if (piece->offset != download->length)
		return fault(download, SU_RETRY, "a block is missing");
	if (piece->total_bytes > limit || piece->offset + piece->bytes.len > limit)
		return fault(
			download, SU_UNAUTHENTIC, "the payload is longer than the manifest says");
	if (pwrite(download->fd, piece->bytes.data, piece->bytes.len, (off_t)piece->offset) !=
		(ssize_t)piece->bytes.len)
		return fault(download, SU_IO, strerror(errno));
	download->length = piece->offset + piece->bytes.len;
	return true;
}

static enum su_status keep(struct device_download *download, struct su_error *err)
{
	if (ftruncate(download->fd, (off_t)download->length) != 0 || fsync(download->fd) != 0 ||
		rename(download->part, download->opts.staging) != 0)
		return su_fail(err, SU_IO, download->part, "%s", strerror(errno));
	unlink(download->etag_file);
	return SU_OK;
}

static void on_reply(void *arg, const struct link_reply *reply)
{
	struct device_download *download = arg;
	struct link_reply done = *reply;
	uint64_t known = download->opts.size_bytes;
	if (download->fault.status != SU_OK)
		done.error = download->fault;
	else if (reply->status == SU_OK && known > 0 && download->length != known)
		su_fail(&done.error, SU_UNAUTHENTIC, "",
			"the payload is shorter than the manifest says");
	else if (reply->status == SU_OK)
		done.status = keep(download, &done.error);
	if (done.error.status != SU_OK)
		done.status = done.error.status;
	/* What is wrong, and not merely incomplete, is fetched anew next time. */
	if (done.status != SU_OK && done.status != SU_RETRY) {
		unlink(download->etag_file);
		unlink(download->part);
	}
	download->opts.on_done(download->opts.arg, &done);
}

static bool open_part(struct device_download *download)
{
	struct su_span etag;
	struct stat info;
	uint64_t size = download->opts.size_bytes;
	download->fd = open(download->part, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (download->fd < 0 || fstat(download->fd, &info) != 0)
		return fault(download, SU_IO, strerror(errno));
	/* Of an unknown length: a part that is all cannot be asked for what comes after it. */
	if (size == 0 || access(download->etag_file, R_OK) != 0)
		return true;
	if (whole_file_read(download->arena, download->etag_file, ETAG_MAX_BYTES, &etag,
		    &download->fault) != SU_OK)
		return false;
	uint64_t here = (uint64_t)info.st_size < size ? (uint64_t)info.st_size : size - 1;
	download->etag = etag;
	download->length = here / RESUME_GRAIN_BYTES * RESUME_GRAIN_BYTES;
	return true;
}

void device_download_start(const struct device_download_opts *opts, struct device_download **out,
	uint64_t *resumed_out)
{
	struct device_download *download = su_new(struct device_download);
	struct su_arena *arena = download->arena = su_arena_new();
	download->opts = *opts;
	download->part = su_arena_printf(arena, "%s.part", opts->staging);
	download->etag_file = su_arena_printf(arena, "%s.etag", opts->staging);
	download->path = path_of(arena, su_arena_strdup(arena, opts->uri));
	if (!open_part(download))
		download->length = 0; /* the sink finds the fault when the first piece comes */
	*resumed_out = download->length;
	*out = download;
	struct link_request request = {
		.method = LINK_GET,
		.path = download->path,
		.offset = download->length,
		.etag = download->length > 0 ? download->etag : SU_SPAN_EMPTY,
	};
	link_send(opts->link, &request, on_piece, on_reply, download);
}

void device_download_free(struct device_download **download)
{
	if (*download == NULL)
		return;
	su_close_fd(&(*download)->fd);
	su_arena_free(&(*download)->arena);
	free(*download);
	*download = NULL;
}
