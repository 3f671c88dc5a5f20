/* SPDX-License-Identifier: Apache-2.0 */
/* How much room is left where blobs are kept, and a word to the log before there is none. Any thread. */
#pragma once

#include "store/blob.h"

/* What suitd may fill. */
enum su_status blob_space_free(
	const struct blob_store *store, uint64_t *bytes_out, struct su_error *err) SU_MUST_CHECK;

/* From now on less than low_bytes is little; 0: nothing is. Checks at once. */
void blob_space_watch(struct blob_store *store, uint64_t low_bytes);
/* Logs when it has become little, and when it is enough again. Also after each blob that is stored. */
void blob_space_check(struct blob_store *store);
bool blob_space_is_low(const struct blob_store *store); /* at the last check */
