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

/* Resuming needs a whole number of the largest CoAP blocks. */
#define RESUME_GRAIN_BYTES 1024
#define MAX_UNKNOWN_BYTES  (UINT64_C(1) << 32)

struct device_download {
	struct device_download_opts opts;
	int fd;
	char *part;
	char *path;
	uint64_t length;
	struct su_error fault; /* found by the sink */
};

/* The path of an absolute URI, or the URI itself when it is a path. */
static char *path_of(const char *uri)
{
	const char *scheme_end = strstr(uri, "://");
	if (scheme_end == NULL)
		return *uri == '/' ? su_strdup(uri) : su_printf("/%s", uri);
	const char *path = strchr(scheme_end + 3, '/');
	return su_strdup(path != NULL ? path : "/");
}

static bool fault(struct device_download *download, enum su_status status, const char *text)
{
	su_fail(&download->fault, status, "", "%s", text);
	return false;
}

static bool on_bytes(
	void *arg, uint64_t offset, struct su_span bytes, struct su_span etag, uint64_t total)
{
	struct device_download *download = arg;
	(void)etag;
	uint64_t limit =
		download->opts.size_bytes > 0 ? download->opts.size_bytes : MAX_UNKNOWN_BYTES;
	if (offset > download->length)
		return fault(download, SU_RETRY, "a block is missing");
	if (total > limit || offset + bytes.len > limit)
		return fault(download, SU_INVALID, "the payload is longer than the manifest says");
	if (pwrite(download->fd, bytes.data, bytes.len, (off_t)offset) != (ssize_t)bytes.len)
		return fault(download, SU_IO, strerror(errno));
	download->length = offset + bytes.len;
	return true;
}

static enum su_status keep(struct device_download *download, struct su_error *err)
{
	if (ftruncate(download->fd, (off_t)download->length) != 0 || fsync(download->fd) != 0 ||
		rename(download->part, download->opts.staging) != 0)
		return su_fail(err, SU_IO, download->part, "%s", strerror(errno));
	return SU_OK;
}

static void on_reply(void *arg, const struct link_reply *reply)
{
	struct device_download *download = arg;
	void (*on_done)(void *, const struct su_error *) = download->opts.on_done;
	struct su_error err = reply->error;
	enum su_status status = reply->status;
	if (download->fault.status != SU_OK) {
		err = download->fault;
		status = err.status;
	} else if (status == SU_OK && download->opts.size_bytes > 0 &&
		   download->length != download->opts.size_bytes) {
		status = su_fail(
			&err, SU_INVALID, "", "the payload is shorter than the manifest says");
	} else if (status == SU_OK) {
		status = keep(download, &err);
	}
	/* What is wrong, and not merely incomplete, is fetched anew next time. */
	if (status != SU_OK && status != SU_RETRY)
		unlink(download->part);
	on_done(download->opts.arg, status == SU_OK ? NULL : &err);
}

void device_download_start(const struct device_download_opts *opts, struct device_download **out,
	uint64_t *resumed_out)
{
	struct device_download *download = su_new(struct device_download);
	struct stat info;
	download->opts = *opts;
	download->part = su_printf("%s.part", opts->staging);
	download->path = path_of(opts->uri);
	download->fd = open(download->part, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (download->fd < 0)
		fault(download, SU_IO, strerror(errno));
	else if (fstat(download->fd, &info) == 0)
		download->length = (uint64_t)info.st_size / RESUME_GRAIN_BYTES * RESUME_GRAIN_BYTES;
	/* A complete file cannot be asked for a part beyond its end. */
	if (opts->size_bytes > 0 && download->length >= opts->size_bytes)
		download->length = 0;
	*resumed_out = download->length;
	*out = download;
	struct link_request request = {
		.method = LINK_GET,
		.path = download->path,
		.offset = download->length,
	};
	link_send(opts->link, &request, on_bytes, on_reply, download);
}

void device_download_free(struct device_download **download)
{
	if (*download == NULL)
		return;
	if ((*download)->fd >= 0)
		close((*download)->fd);
	free((*download)->part);
	free((*download)->path);
	free(*download);
	*download = NULL;
}
