/* SPDX-License-Identifier: Apache-2.0 */
/* Batches are run on the thread of the test, without a committer. */
#include "commit_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cluster.h"
#include "store/device_store.h"

void commit_run(struct store_fixture *f, const struct device_write *writes, size_t n,
	struct committer_result *results)
{
	struct batch_item items[COMMIT_FIXTURE_MAX] = { 0 }, *pointers[COMMIT_FIXTURE_MAX];
	assert_true(n <= COMMIT_FIXTURE_MAX);
	for (size_t i = 0; i < n; i++) {
		items[i].write = &writes[i];
		pointers[i] = &items[i];
	}
	commit_batch_run(f->conn, "-", pointers, n);
	for (size_t i = 0; i < n; i++)
		results[i] = items[i].result;
}

struct committer_result commit_run_one(struct store_fixture *f, const struct device_write *write)
{
	struct committer_result result;
	commit_run(f, write, 1, &result);
	return result;
}

struct device reload_device(struct store_fixture *f, const char *endpoint)
{
	struct device device = { 0 };
	begin(f);
	device_store_get(&f->txn, f->arena, endpoint, &device);
	commit(f);
	return device;
}

int64_t count_rows(struct store_fixture *f, const char *sql)
{
	char line[32] = "";
	assert_true(cluster_sql(f->conninfo, sql, line, sizeof(line)));
	return strtoll(line, NULL, 10);
}
