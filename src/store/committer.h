/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the writes of the device plane durable. A thread takes what the loop queued, writes it in one
 * transaction of set-based statements, and posts the completions back to the loop; a second one takes other
 * devices' meanwhile. Under load the batches grow by themselves; idle, a write waits for nothing but its commit.
 */
#pragma once

#include "base/loop.h"
#include "model/component_progress.h"
#include "model/deployment.h"
#include "model/device.h"

struct committer;

/* A SUIT_Report as received. */
struct report_row {
	struct su_uuid id;
	const struct su_uuid *deployment_id; /* NULL: none matched */
	int64_t received_at_ms;
	struct su_span payload;
	const char *authentication;      /* "signed", "channel" or "none" */
	const struct su_uuid *anchor_id; /* NULL: not signed */
	bool success;
	const char *reason; /* or NULL */
};

/* What changes for one device, all or nothing. Members that are NULL stay as they are. */
struct device_write {
	/* New values. id 0: insert (SU_CONFLICT when the endpoint exists); else row_version is the one
	 * that was read, and the write is a SU_CONFLICT when the row has moved on. Always given. */
	const struct device *device;
	bool write_device;     /* false: the device row is only checked, not written */
	bool write_components; /* replace all rows of device_component */
	/* row_version 0: insert, else update of a row at that version. */
	const struct deployment *deployment;
	size_t n_history;
	const struct deployment_history *history; /* of that deployment */
	const struct report_row *report;
	/* Of components of the deployment progress_of; those that are not named stay as they are. */
	struct su_uuid progress_of;
	size_t n_progress;
	struct component_progress *progress;
};

struct committer_result {
	enum su_status
		status; /* SU_OK, SU_CONFLICT (reload and apply again), SU_RETRY, SU_UNCERTAIN */
	struct su_error error;
	int64_t device_id;                                  /* of an inserted device */
	int64_t device_row_version, deployment_row_version; /* as they are now stored */
};

/* write and all it points to must stay valid until done, which runs on the loop's thread. */
typedef void (*committer_done_fn)(void *arg, const struct committer_result *result);

struct committer_opts {
	struct su_loop *loop;
	const char *conninfo;
	size_t max_queued; /* beyond it committer_submit is SU_BUSY */
	size_t max_batch;
};
enum su_status committer_start(const struct committer_opts *opts, struct committer **out,
	struct su_error *err) SU_MUST_CHECK;
void committer_stop(
	struct committer **committer); /* finishes what is queued, or fails it SU_RETRY */
/*
 * Loop thread only. SU_BUSY or, when the database is known to be away or to refuse writes, SU_RETRY:
 * done is not called.
 */
enum su_status committer_submit(struct committer *committer, const struct device_write *write,
	committer_done_fn done, void *arg, struct su_error *err) SU_MUST_CHECK;
bool committer_database_away(const struct committer *committer);
/* False also while the database answers and refuses writes: read-only, full. Any thread. */
bool committer_takes_writes(const struct committer *committer);
/* Marks the notifications of this committer's own batches, see notify_opts. Lives as long as it. */
const char *committer_origin(const struct committer *committer);
