/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mappings of blobs, the most recently used first; idle ones beyond a bound are dropped. What is read
 * through a mapping counts as memory of the process until it is let go, which costs no more than
 * another fault later on: the pages stay in the page cache.
 */
#include "store/blob.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "base/memory.h"
#include "store/blob_store.h"

#define MAX_IDLE          64
#define FAULT_BYTES       ((size_t)64 * 1024) /* what Linux maps at once around the byte that is read */
#define MAX_TOUCHED_BYTES ((size_t)24 * 1024 * 1024)

struct blob_mapping {
	struct blob_mapping *next;
	struct blob_store *store; /* NULL after its store was closed */
	struct digest digest;
	struct su_span span;
	unsigned users;
	size_t touched_bytes; /* so much of it may be in our memory at most */
};

static void let_go(struct blob_mapping *mapping)
{
	if (mapping->touched_bytes > 0)
		madvise((void *)mapping->span.data, mapping->span.len, MADV_DONTNEED);
	mapping->touched_bytes = 0;
}

/* A user reads some bytes close to each other. */
static void note_touch(struct blob_store *store, struct blob_mapping *mapping)
{
	size_t rest = mapping->span.len - mapping->touched_bytes;
	size_t more = rest < FAULT_BYTES ? rest : FAULT_BYTES;
	if (store->touched_bytes + more > MAX_TOUCHED_BYTES) {
		for (struct blob_mapping *each = store->first_mapping; each; each = each->next)
			let_go(each);
		store->touched_bytes = 0;
		more = mapping->span.len < FAULT_BYTES ? mapping->span.len : FAULT_BYTES;
	}
	mapping->touched_bytes += more;
	store->touched_bytes += more;
}

static void free_mapping(struct blob_mapping *mapping)
{
	if (mapping->store)
		mapping->store->touched_bytes -= mapping->touched_bytes;
	if (mapping->span.len > 0)
		munmap((void *)mapping->span.data, mapping->span.len);
	free(mapping);
}

static struct blob_mapping **find_link(struct blob_store *store, const struct digest *digest)
{
	struct blob_mapping **link = &store->first_mapping;
	while (*link && !digest_equal(&(*link)->digest, digest))
		link = &(*link)->next;
	return link;
}

static void put_first(struct blob_store *store, struct blob_mapping *mapping)
{
	mapping->next = store->first_mapping;
	store->first_mapping = mapping;
}

static void drop_idle_beyond_bound(struct blob_store *store)
{
	unsigned idle = 0;
	if (store->n_idle_mappings <= MAX_IDLE)
		return;
	for (struct blob_mapping **link = &store->first_mapping; *link;) {
		struct blob_mapping *mapping = *link;
		if (mapping->users > 0 || ++idle <= MAX_IDLE) {
			link = &mapping->next;
			continue;
		}
		*link = mapping->next;
		store->n_idle_mappings--;
		free_mapping(mapping);
	}
}

static enum su_status map_file(struct blob_store *store, const struct digest *digest,
	struct su_span *out, struct su_error *err)
{
	int fd su_auto(su_close_fd) = -1;
	uint64_t size;
	SU_TRY(blob_open_fd(store, digest, &fd, &size, err));
	*out = SU_SPAN_EMPTY;
	if (size == 0)
		return SU_OK;
	void *data = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (data == MAP_FAILED)
		return blob_fail(err, "map the stored file");
	*out = su_span_of(data, size);
	return SU_OK;
}

enum su_status blob_map(struct blob_store *store, const struct digest *digest,
	struct blob_mapping **out, struct su_error *err)
{
	struct blob_mapping **link = find_link(store, digest);
	struct blob_mapping *mapping = *link;
	if (mapping) {
		*link = mapping->next;
		store->n_idle_mappings -= mapping->users == 0;
	} else {
		struct su_span span;
		SU_TRY(map_file(store, digest, &span, err));
		mapping = su_new(struct blob_mapping);
		*mapping = (struct blob_mapping){ .store = store, .digest = *digest, .span = span };
	}
	mapping->users++;
	put_first(store, mapping);
	note_touch(store, mapping);
	*out = mapping;
	return SU_OK;
}

struct su_span blob_mapping_span(const struct blob_mapping *mapping)
{
	return mapping->span;
}

void blob_unmap(struct blob_mapping **mapping)
{
	struct blob_mapping *m = mapping ? *mapping : NULL;
	if (!m)
		return;
	*mapping = NULL;
	if (--m->users > 0)
		return;
	if (!m->store) {
		free_mapping(m);
		return;
	}
	m->store->n_idle_mappings++;
	drop_idle_beyond_bound(m->store);
}

void blob_mappings_drop(struct blob_store *store)
{
	while (store->first_mapping) {
		struct blob_mapping *mapping = store->first_mapping;
		store->first_mapping = mapping->next;
		mapping->store = NULL;
		store->touched_bytes -= mapping->touched_bytes;
		store->n_idle_mappings -= mapping->users == 0;
		if (mapping->users == 0)
			free_mapping(mapping);
	}
}
