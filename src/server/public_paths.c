/* SPDX-License-Identifier: Apache-2.0 */
/* A sorted table, replaced as a whole by each load. */
#include "server/public_paths.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/release_store.h"

#define RETRY_MS    2000
#define MAX_LOOKUPS 32 /* anybody can ask: the workers are for others as well */

struct entry {
	const char *path; /* in the table's arena */
	struct digest blob;
};

struct table {
	struct su_arena *arena;
	struct entry *entries;
	size_t n;
};

struct public_paths {
	struct su_work *work;
	struct su_timer *retry;
	struct table table;
	bool loading, again; /* again: something changed during the load */
	size_t n_lookups;
	bool freed; /* while jobs run: the last one frees what is left */
};

struct load {
	struct public_paths *paths;
	struct table table;
	struct su_error err;
};

struct lookup {
	struct public_paths *paths;
	struct su_arena *arena;
	const char *path;
	public_paths_found_fn done;
	void *arg;
	bool found;
	struct digest blob;
	struct su_error err;
};

static void start_load(struct public_paths *paths);

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->path, ((const struct entry *)b)->path);
}

static void run_load(void *arg, void *thread_context)
{
	struct load *load = arg;
	struct table *table = &load->table;
	struct digest *blobs;
	const char **texts;
	table->arena = su_arena_new();
	struct txn txn = txn_begin(thread_context);
	table->n = release_store_paths(&txn, table->arena, &texts, &blobs);
	if (txn_commit(&txn, &load->err) != SU_OK)
		return;
	table->entries = su_arena_array(table->arena, table->n + 1, sizeof(*table->entries));
	for (size_t i = 0; i < table->n; i++)
		table->entries[i] = (struct entry){ texts[i], blobs[i] };
	qsort(table->entries, table->n, sizeof(*table->entries), compare_entries);
}

static void on_loaded(void *arg)
{
	struct load *load = arg;
	struct public_paths *paths = load->paths;
	bool good = load->err.status == SU_OK;
	su_arena_free(good ? &paths->table.arena : &load->table.arena);
	if (good)
		paths->table = load->table;
	else
		su_log(SU_LOG_WARNING, "public paths could not be loaded",
			SU_STR("error", load->err.text));
	free(load);
	paths->loading = false;
	if (paths->freed)
		public_paths_free(&paths);
	else if (!good)
		su_timer_set(paths->retry, RETRY_MS);
	else if (paths->again)
		start_load(paths);
}

static void start_load(struct public_paths *paths)
{
	paths->again = paths->loading;
	if (paths->loading)
		return;
	struct load *load = su_new(struct load);
	load->paths = paths;
	struct su_job job = { run_load, on_loaded, load };
	paths->loading = su_work_submit(paths->work, job) == SU_OK;
	if (paths->loading)
		return;
	free(load);
	su_timer_set(paths->retry, RETRY_MS);
}

static void on_retry(void *arg)
{
	start_load(arg);
}

struct public_paths *public_paths_new(struct su_loop *loop, struct su_work *work)
{
	struct public_paths *paths = su_new(struct public_paths);
	paths->work = work;
	paths->retry = su_timer_new(loop, on_retry, paths);
	start_load(paths);
	return paths;
}

void public_paths_free(struct public_paths **paths)
{
	if (!paths || !*paths)
		return;
	struct public_paths *p = *paths;
	*paths = NULL;
	su_timer_free(&p->retry);
	p->freed = true;
	if (p->loading || p->n_lookups > 0)
		return;
	su_arena_free(&p->table.arena);
	free(p);
}

void public_paths_on_notify(struct public_paths *paths, enum notify_topic topic)
{
	if (topic == NOTIFY_PATH || topic == NOTIFY_EVERYTHING)
		start_load(paths);
}

const struct digest *public_paths_find(const struct public_paths *paths, const char *path)
{
	const struct entry wanted = { .path = path };
	if (!paths || !paths->table.n)
		return NULL;
	const struct entry *found = bsearch(
		&wanted, paths->table.entries, paths->table.n, sizeof(wanted), compare_entries);
	return found ? &found->blob : NULL;
}

static void run_lookup(void *arg, void *thread_context)
{
	struct lookup *lookup = arg;
	struct txn txn = txn_begin(thread_context);
	lookup->found = release_store_path(&txn, lookup->arena, lookup->path, &lookup->blob);
	if (txn_commit(&txn, &lookup->err) != SU_OK)
		lookup->found = false;
	else
		lookup->err.status = SU_OK;
}

static void on_looked_up(void *arg)
{
	struct lookup *lookup = arg;
	struct public_paths *paths = lookup->paths;
	struct su_arena *arena su_auto(su_arena_free) = lookup->arena;
	lookup->done(lookup->arg, lookup->found ? &lookup->blob : NULL,
		lookup->err.status == SU_OK ? NULL : &lookup->err);
	paths->n_lookups--;
	if (paths->freed)
		public_paths_free(&paths);
}

enum su_status public_paths_look_up(struct public_paths *paths, const char *path,
	public_paths_found_fn done, void *arg, struct su_error *err)
{
	if (paths->n_lookups == MAX_LOOKUPS)
		return su_fail(err, SU_BUSY, "", "too many unknown paths are asked for");
	struct su_arena *arena = su_arena_new();
	struct lookup *lookup = su_arena_new_of(arena, struct lookup);
	*lookup = (struct lookup){
		.paths = paths,
		.arena = arena,
		.path = su_arena_strdup(arena, path),
		.done = done,
		.arg = arg,
	};
	struct su_job job = { run_lookup, on_looked_up, lookup };
	if (su_work_submit(paths->work, job) != SU_OK) {
		su_arena_free(&arena);
		return su_fail(err, SU_BUSY, "", "too many requests are waiting");
	}
	paths->n_lookups++;
	return SU_OK;
}
