/* SPDX-License-Identifier: Apache-2.0 */
/* Removes uploads that were begun and not ended in time, with their files. */
#pragma once

#include "base/work.h"
#include "store/blob.h"

/* One job; when there are too many already, nothing happens until the next time. Loop thread. */
void http_upload_purge_submit(struct su_work *work, struct blob_store *blobs);
