/* SPDX-License-Identifier: Apache-2.0 */
/* One payload on its way into the staging folder: resumes where an earlier attempt stopped. */
#pragma once

#include "tools/link.h"

struct device_download;

struct device_download_opts {
	struct link *link;
	const char *uri; /* absolute or relative; its path is asked from the link's server */
	/* Where it shall be; while it is incomplete, "<staging>.part" with its ETag in "<staging>.etag". */
	const char *staging;
	uint64_t size_bytes; /* 0: unknown. More than that is refused at once */
	/* SU_OK: staging is there. SU_RETRY: start again later, what came stays. */
	link_reply_fn on_done;
	void *arg;
};

/* resumed_out: bytes that were here already. on_done never runs before this has returned. */
void device_download_start(const struct device_download_opts *opts, struct device_download **out,
	uint64_t *resumed_out);
void device_download_free(struct device_download **download);
