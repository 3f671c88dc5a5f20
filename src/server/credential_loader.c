/* SPDX-License-Identifier: Apache-2.0 */
/* One job at a time: a page of all credentials, or the endpoints that changed. */
#include "server/credential_loader.h"

#include <stdatomic.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/credential_store.h"
#include "suit/seal.h"

enum { PAGE_SIZE = 1000, RETRY_MS = 1000, MAX_DIRTY = 1000 };

struct name {
	struct name *next;
	char *text;
};

struct credential_loader {
	struct credential_loader_opts opts;
	struct su_timer *retry;
	struct load *running; /* NULL: none */
	struct name *dirty;   /* endpoints to look up again */
	size_t n_dirty;
	bool reload_wanted;
	atomic_bool loaded; /* asked by workers as well */
	bool waiting;       /* for the retry timer */
};

/* One trip to the database: a page of all, or the endpoints that changed. */
struct load {
	struct credential_loader *loader; /* NULL: it went away meanwhile */
	const struct credential_key *key;
	struct su_arena *arena;
	const char *after;  /* a page begins behind this name; NULL: the first */
	struct name *names; /* or these */
	size_t n_found;
	struct credential *found;
	struct su_error error;
};

static void on_load_done(void *arg);
static void start_load(struct credential_loader *loader);

static void free_names(struct name **names)
{
	while (*names) {
		struct name *first = *names;
		*names = first->next;
		su_free_ptr(&first->text);
		su_free_ptr(&first);
	}
}

static void free_load(struct load *load)
{
	free_names(&load->names);
	su_arena_free(&load->arena);
	su_free_ptr(&load);
}

static void load_names(struct load *load, struct txn *txn)
{
	size_t count = 0;
	for (const struct name *name = load->names; name; name = name->next)
		count++;
	load->found = su_arena_array(load->arena, count, sizeof(*load->found));
	for (const struct name *name = load->names; name; name = name->next) {
		struct credential *credential = &load->found[load->n_found];
		if (credential_store_get(txn, load->arena, name->text, credential))
			load->n_found++;
	}
}

/* The sealed key becomes the key itself, in arena; one that does not open is left out. */
static void open_key(
	const struct credential_key *key, struct su_arena *arena, struct credential *credential)
{
	struct su_span psk = SU_SPAN_EMPTY;
	struct su_error err = { 0 };
	if (credential->psk_sealed.len > 0 && key &&
		credential_open_psk(key, arena, credential->endpoint, credential->psk_sealed, &psk,
			&err) != SU_OK)
		su_log(SU_LOG_ERROR, "a pre-shared key does not open",
			SU_STR("endpoint", credential->endpoint), SU_STR("reason", err.text));
	credential->psk_sealed = psk;
}

static void run_load(void *arg, void *thread_context)
{
	struct load *load = arg;
	struct txn txn = txn_begin(thread_context);
	if (load->names)
		load_names(load, &txn);
	else
		load->n_found = credential_store_list(
			&txn, load->arena, load->after, PAGE_SIZE, &load->found);
	if (txn_commit(&txn, &load->error) != SU_OK)
		return;
	for (size_t i = 0; i < load->n_found; i++)
		open_key(load->key, load->arena, &load->found[i]);
}

static void mark_dirty(struct credential_loader *loader, const char *endpoint)
{
	if (loader->n_dirty >= MAX_DIRTY) {
		free_names(&loader->dirty);
		loader->n_dirty = 0;
		loader->reload_wanted = true;
	}
	struct name *name = su_new(struct name);
	name->text = su_strdup(endpoint);
	name->next = loader->dirty;
	loader->dirty = name;
	loader->n_dirty++;
}

/* What could not be loaded is wanted still, a little later. */
static void try_again(struct credential_loader *loader, const struct load *load)
{
	for (const struct name *name = load->names; name; name = name->next)
		mark_dirty(loader, name->text);
	if (!load->names)
		loader->reload_wanted = true;
	loader->waiting = true;
	su_timer_set(loader->retry, RETRY_MS);
}

static bool was_found(const struct load *load, const char *endpoint)
{
	for (size_t i = 0; i < load->n_found; i++)
		if (strcmp(load->found[i].endpoint, endpoint) == 0)
			return true;
	return false;
}

/* Wipes the copy of the key that is not kept. */
static void keep(struct credential_loader *loader, const struct credential *credential)
{
	credential_table_put(loader->opts.table, &(struct device_secret){
							 .endpoint = credential->endpoint,
							 .psk = credential->psk_sealed,
							 .token_hash = credential->token_hash,
						 });
	if (credential->psk_sealed.len > 0)
		seal_wipe((void *)credential->psk_sealed.data, credential->psk_sealed.len);
}

static void keep_found(struct credential_loader *loader, const struct load *load)
{
	for (const struct name *name = load->names; name; name = name->next)
		if (!was_found(load, name->text))
			credential_table_remove(loader->opts.table, su_span_str(name->text));
	for (size_t i = 0; i < load->n_found; i++)
		keep(loader, &load->found[i]);
}

static struct load *new_load(struct credential_loader *loader)
{
	struct load *load = su_new(struct load);
	load->loader = loader;
	load->key = loader->opts.key;
	load->arena = su_arena_new();
	return load;
}

static void submit_load(struct credential_loader *loader, struct load *load)
{
	struct su_job job = { .run = run_load, .done = on_load_done, .arg = load };
	loader->running = load;
	if (su_work_submit(loader->opts.work, job) == SU_OK)
		return;
	loader->running = NULL;
	try_again(loader, load);
	free_load(load);
}

/* After a page of all: the page behind its last name, if there may be one. */
static void go_on(struct credential_loader *loader, const struct load *load)
{
	if (load->n_found < PAGE_SIZE) {
		credential_table_end_reload(loader->opts.table);
		loader->loaded = true;
		return;
	}
	struct load *next = new_load(loader);
	next->after = su_arena_strdup(next->arena, load->found[load->n_found - 1].endpoint);
	submit_load(loader, next);
}

static void on_load_done(void *arg)
{
	struct load *load = arg;
	struct credential_loader *loader = load->loader;
	if (!loader) {
		free_load(load);
		return;
	}
	loader->running = NULL;
	if (load->error.status != SU_OK) {
		try_again(loader, load);
	} else {
		keep_found(loader, load);
		if (!load->names)
			go_on(loader, load);
	}
	free_load(load);
	start_load(loader);
}

/* Does nothing while a load is running or a retry is due: both come back here. */
static void start_load(struct credential_loader *loader)
{
	if (loader->running || loader->waiting || (!loader->reload_wanted && !loader->dirty))
		return;
	struct load *load = new_load(loader);
	if (loader->reload_wanted) {
		loader->reload_wanted = false;
		credential_table_begin_reload(loader->opts.table);
	} else {
		load->names = loader->dirty;
		loader->dirty = NULL;
		loader->n_dirty = 0;
	}
	submit_load(loader, load);
}

static void on_retry(void *arg)
{
	struct credential_loader *loader = arg;
	loader->waiting = false;
	start_load(loader);
}

struct credential_loader *credential_loader_new(const struct credential_loader_opts *opts)
{
	struct credential_loader *loader = su_new(struct credential_loader);
	loader->opts = *opts;
	loader->retry = su_timer_new(opts->loop, on_retry, loader);
	credential_loader_reload(loader);
	return loader;
}

void credential_loader_free(struct credential_loader **loader)
{
	if (!*loader)
		return;
	if ((*loader)->running)
		(*loader)->running->loader = NULL;
	su_timer_free(&(*loader)->retry);
	free_names(&(*loader)->dirty);
	su_free_ptr(loader);
}

void credential_loader_reload(struct credential_loader *loader)
{
	loader->reload_wanted = true;
	start_load(loader);
}

void credential_loader_refresh(struct credential_loader *loader, const char *endpoint)
{
	mark_dirty(loader, endpoint);
	start_load(loader);
}

void credential_loader_put(
	struct credential_loader *loader, struct su_arena *arena, struct credential *credential)
{
	bool gone = credential->psk_sealed.len == 0 && credential->token_hash.len == 0;
	open_key(loader->opts.key, arena, credential);
	if (gone)
		credential_table_remove(loader->opts.table, su_span_str(credential->endpoint));
	else
		keep(loader, credential);
}

bool credential_loader_is_loaded(const struct credential_loader *loader)
{
	return loader->loaded;
}
