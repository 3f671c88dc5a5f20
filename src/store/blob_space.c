/* SPDX-License-Identifier: Apache-2.0 */
/* Asks the file system. */
#include "store/blob_space.h"

#include <sys/statvfs.h>

#include "base/log.h"
#include "store/blob_store.h"

enum su_status blob_space_free(
	const struct blob_store *store, uint64_t *bytes_out, struct su_error *err)
{
	struct statvfs info;
	if (fstatvfs(store->blob_fd, &info) != 0)
		return blob_fail(err, "ask how much room is left");
	*bytes_out = (uint64_t)info.f_bavail * info.f_frsize;
	return SU_OK;
}

/* A quarter more than little is enough: at the bound itself each upload would be told of. */
void blob_space_check(struct blob_store *store)
{
	uint64_t free_bytes = 0;
	const uint64_t low_bytes = atomic_load(&store->low_bytes);
	const bool was_low = atomic_load(&store->is_low);
	if (blob_space_free(store, &free_bytes, NULL) != SU_OK)
		return;
	bool is_low = free_bytes < low_bytes || (was_low && free_bytes - low_bytes < low_bytes / 4);
	if (atomic_exchange(&store->is_low, is_low) == is_low)
		return;
	if (is_low)
		su_log(SU_LOG_WARNING, "little room is left for images",
			SU_INT("free_bytes", (int64_t)free_bytes));
	else
		su_log(SU_LOG_INFO, "there is room for images again",
			SU_INT("free_bytes", (int64_t)free_bytes));
}

void blob_space_watch(struct blob_store *store, uint64_t low_bytes)
{
	atomic_store(&store->low_bytes, low_bytes);
	blob_space_check(store);
}

bool blob_space_is_low(const struct blob_store *store)
{
	return atomic_load(&store->is_low);
}
