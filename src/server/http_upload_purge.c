/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded number at a time, so that it holds its worker only for a moment. */
#include "server/http_upload_purge.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "store/blob_space.h"
#include "store/image_store.h"

#define MAX_AT_ONCE 100

struct purge {
	struct blob_store *blobs;
};

/* The rows go first: a file without its row can be found by nobody. */
static void run_purge(void *arg, void *thread_context)
{
	struct purge *purge = arg;
	blob_space_check(purge->blobs);
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct upload *uploads;
	char name[SU_UUID_TEXT_SIZE];
	struct txn txn = txn_begin(thread_context);
	size_t n = upload_store_expired(&txn, arena, su_clock_wall_ms(), MAX_AT_ONCE, &uploads);
	for (size_t i = 0; i < n; i++)
		upload_store_delete(&txn, uploads[i].id);
	if (txn_commit(&txn, NULL) != SU_OK)
		return;
	for (size_t i = 0; i < n; i++) {
		su_uuid_format(uploads[i].id, name);
		blob_upload_remove(purge->blobs, name);
	}
}

void http_upload_purge_submit(struct su_work *work, struct blob_store *blobs)
{
	struct purge *purge = su_new(struct purge);
	purge->blobs = blobs;
	struct su_job job = { run_purge, free, purge };
	if (su_work_submit(work, job) != SU_OK)
		free(purge);
}
