/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of batches do over and over. */
#pragma once

#include "store/commit_batch.h"
#include "store_fixture.h"

/* Writes them as one batch of COMMIT_FIXTURE_MAX at most; results in the order of the writes. */
#define COMMIT_FIXTURE_MAX 32
void commit_run(struct store_fixture *f, const struct device_write *writes, size_t n,
	struct committer_result *results);
struct committer_result commit_run_one(struct store_fixture *f, const struct device_write *write);

/* As the database has it. */
struct device reload_device(struct store_fixture *f, const char *endpoint);
/* The number that the statement selects. */
int64_t count_rows(struct store_fixture *f, const char *sql);
