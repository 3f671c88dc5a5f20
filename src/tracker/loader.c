/* SPDX-License-Identifier: Apache-2.0 */
/* One batch at a time on a worker; the waiting ones queue up for the next. */
#include "tracker/loader.h"

#include "base/log.h"
#include "base/memory.h"
#include "store/credential_store.h"
#include "store/deployment_store.h"
#include "store/device_store.h"
#include "store/estimate_store.h"

#define BATCH_MAX 128

struct loader {
	struct loader_opts opts;
	struct remembered *first, *last; /* waiting, in state LOADING */
	bool busy;
};

/* One device as it was read. */
struct loaded {
	bool has_credential, has_active;
	struct deployment active;
	struct release_facts *facts; /* NULL: none in flight, or its envelope could not be read */
	struct estimate learned;
};

struct batch {
	struct loader *loader;
	size_t n;
	struct remembered *devices[BATCH_MAX];
	const char *endpoints[BATCH_MAX];
	struct su_arena *arena;
	struct device *read;
	struct loaded *loaded;
	struct su_error error;
};

struct loader *loader_new(const struct loader_opts *opts)
{
	struct loader *loader = su_new(struct loader);
	loader->opts = *opts;
	return loader;
}

void loader_free(struct loader **loader)
{
	if (loader)
		su_free_ptr(loader);
}

void loader_stop(struct loader *loader)
{
	loader->first = loader->last = NULL;
}

bool loader_is_idle(const struct loader *loader)
{
	return !loader->busy;
}

/* Devices of one batch mostly have the same release in flight: its facts are made once. */
static struct release_facts *share_facts(
	struct batch *batch, size_t before, const struct digest *release)
{
	for (size_t i = 0; i < before; i++)
		if (batch->loaded[i].facts &&
			digest_equal(&batch->loaded[i].facts->release, release))
			return release_facts_ref(batch->loaded[i].facts);
	return NULL;
}

static void read_facts(struct txn *txn, struct batch *batch, size_t i)
{
	struct loaded *loaded = &batch->loaded[i];
	loaded->facts = share_facts(batch, i, &loaded->active.release);
	if (loaded->facts)
		return;
	struct su_error error = { 0 };
	if (release_facts_load(txn, batch->loader->opts.blobs, &loaded->active.release,
		    &loaded->facts, &error) != SU_OK &&
		txn_ok(txn)) /* else all of the batch fails, and whoever asked for it tells */
		su_log(SU_LOG_ERROR, "release of a deployment cannot be read",
			SU_STR("endpoint", batch->endpoints[i]), SU_STR("error", error.text));
}

static void read_active(struct txn *txn, struct batch *batch)
{
	int64_t ids[BATCH_MAX];
	size_t n_ids = 0;
	for (size_t i = 0; i < batch->n; i++)
		if (batch->read[i].id != 0)
			ids[n_ids++] = batch->read[i].id;
	struct deployment *active;
	size_t n = deployment_store_active_batch(txn, batch->arena, ids, n_ids, &active);
	for (size_t i = 0; i < batch->n; i++)
		for (size_t k = 0; k < n && batch->read[i].id != 0; k++)
			if (active[k].device_id == batch->read[i].id) {
				batch->loaded[i].has_active = true;
				batch->loaded[i].active = active[k];
			}
	for (size_t i = 0; txn_ok(txn) && i < batch->n; i++)
		if (batch->loaded[i].has_active)
			read_facts(txn, batch, i);
}

/* Devices of one batch are mostly of one class. */
static struct estimate learned_of(struct txn *txn, const struct batch *batch, size_t i)
{
	const struct characteristics *told = &batch->read[i].told;
	if (told->n_class_ids == 0)
		return (struct estimate){ 0 };
	for (size_t k = 0; k < i; k++)
		if (batch->read[k].told.n_class_ids > 0 &&
			su_uuid_equal(batch->read[k].told.class_ids[0], told->class_ids[0]))
			return batch->loaded[k].learned;
	return estimate_store_get(txn, told->class_ids[0]);
}

static void read_batch(void *arg, void *thread_context)
{
	struct batch *batch = arg;
	struct txn txn = txn_begin(thread_context);
	device_store_get_batch(&txn, batch->arena, batch->endpoints, batch->n, &batch->read);
	bool has_credential[BATCH_MAX];
	credential_store_present(&txn, batch->endpoints, batch->n, has_credential);
	for (size_t i = 0; txn_ok(&txn) && i < batch->n; i++)
		batch->loaded[i].has_credential = has_credential[i];
	for (size_t i = 0; txn_ok(&txn) && i < batch->n; i++)
		batch->loaded[i].learned = learned_of(&txn, batch, i);
	if (txn_ok(&txn))
		read_active(&txn, batch);
	if (txn_commit(&txn, &batch->error) == SU_OK)
		batch->error.status = SU_OK;
}

static void keep(struct remembered *of, const struct device *device, const struct loaded *loaded)
{
	bool is_foreseen = device->id == 0 && device->provision.row_version != 0;
	remembered_set_device(of, device->id ? device : NULL);
	remembered_set_foreseen(of, is_foreseen ? device : NULL);
	remembered_set_active(of, loaded->has_active ? &loaded->active : NULL, loaded->facts);
	of->has_credential = loaded->has_credential;
	of->learned = loaded->learned;
	of->judged = 0;
	of->rests_from_ms = 0;
}

static void send_batch(struct loader *loader);

static void on_read(void *arg)
{
	struct batch *batch = arg;
	struct loader *loader = batch->loader;
	bool read = batch->error.status == SU_OK;
	loader->busy = false;
	for (size_t i = 0; i < batch->n; i++) {
		if (read)
			keep(batch->devices[i], &batch->read[i], &batch->loaded[i]);
		release_facts_unref(&batch->loaded[i].facts);
		registry_load_done(batch->devices[i], read);
	}
	/* Only now: a done function may ask for more. */
	for (size_t i = 0; i < batch->n; i++)
		loader->opts.done(loader->opts.arg, batch->devices[i], read ? NULL : &batch->error);
	su_arena_free(&batch->arena);
	su_free_ptr(&batch);
	send_batch(loader);
}

static struct batch *gather(struct loader *loader)
{
	struct batch *batch = su_new(struct batch);
	batch->loader = loader;
	batch->arena = su_arena_new();
	while (loader->first && batch->n < BATCH_MAX) {
		struct remembered *of = loader->first;
		loader->first = of->load_next;
		of->load_next = NULL;
		registry_load_begins(loader->opts.registry, of);
		batch->endpoints[batch->n] = su_arena_strdup(batch->arena, of->endpoint);
		batch->devices[batch->n++] = of;
	}
	if (!loader->first)
		loader->last = NULL;
	batch->loaded = su_arena_array(batch->arena, batch->n, sizeof(*batch->loaded));
	return batch;
}

static void send_batch(struct loader *loader)
{
	if (loader->busy || !loader->first)
		return;
	loader->busy = true;
	struct batch *batch = gather(loader);
	const struct su_job job = { .run = read_batch, .done = on_read, .arg = batch };
	if (su_work_submit(loader->opts.work, job) == SU_OK)
		return;
	/* Not from here, but from the loop: see loader_want. */
	su_fail(&batch->error, SU_BUSY, "", "too much work is waiting");
	su_loop_post(loader->opts.loop, on_read, batch);
}

void loader_want(struct loader *loader, struct remembered *of)
{
	if (of->state == REMEMBERED_LOADING)
		return;
	of->state = REMEMBERED_LOADING;
	*(loader->last ? &loader->last->load_next : &loader->first) = of;
	loader->last = of;
	send_batch(loader);
}
