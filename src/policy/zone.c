/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds and keeps zones. What is read never changes and is never freed (tzdata has some 600 names), so that
 * readers need no lock; a reader that finds nothing reads the file and adds it under the mutex.
 */
#include "policy/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/span.h"
#include "model/window.h"
#include "policy/tzfile.h"

#define ZONE_FOLDER     "/usr/share/zoneinfo/"
#define ZONE_FILE_BYTES 65536
#define BUCKETS         256

struct zone {
	char name[TIME_ZONE_MAX_BYTES + 1];
	struct tz_eras table;
	struct zone *next;
};

static struct tz_era utc_era = { INT64_MIN, 0 };
static const struct zone utc = { "UTC", { 1, &utc_era }, NULL };
/* The one state that outlives a call: a cache of files, the same for all threads. */
static _Atomic(struct zone *) buckets[BUCKETS];
static pthread_mutex_t adding = PTHREAD_MUTEX_INITIALIZER;

static size_t bucket_of(const char *name)
{
	return su_span_hash(su_span_str(name)) % BUCKETS;
}

static const struct zone *find_cached(const char *name, size_t bucket)
{
	const struct zone *zone = atomic_load_explicit(&buckets[bucket], memory_order_acquire);
	while (zone != NULL && strcmp(zone->name, name) != 0)
		zone = zone->next;
	return zone;
}

/* Only what may be the name of a zone reaches the file system: no "..", no absolute path, no tables with leap seconds. */
static bool may_be_zone(const char *name)
{
	size_t len = strlen(name);
	if (len == 0 || len > TIME_ZONE_MAX_BYTES || name[0] == '/' || name[0] == '-' ||
		strncmp(name, "right/", 6) == 0 || strncmp(name, "posix/", 6) == 0)
		return false;
	for (const char *at = name; *at != '\0'; at++) {
		bool letter = (*at >= 'A' && *at <= 'Z') || (*at >= 'a' && *at <= 'z');
		if (!letter && !(*at >= '0' && *at <= '9') && strchr("_+-/", *at) == NULL)
			return false;
	}
	return true;
}

static bool read_whole(int fd, uint8_t *out, size_t size, size_t *len_out)
{
	struct stat st;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (size_t)st.st_size > size)
		return false;
	*len_out = 0;
	while (*len_out < (size_t)st.st_size) {
		ssize_t got = read(fd, out + *len_out, (size_t)st.st_size - *len_out);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		*len_out += (size_t)got;
	}
	return true;
}

static struct zone *read_zone(const char *name)
{
	struct tz_eras table;
	size_t len;
	char *path su_auto(su_free_ptr) = su_printf(ZONE_FOLDER "%s", name);
	int fd su_auto(su_close_fd) = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	uint8_t *file su_auto(su_free_ptr) = su_new_bytes(ZONE_FILE_BYTES);
	if (fd < 0 || !read_whole(fd, file, ZONE_FILE_BYTES, &len) ||
		!tzfile_parse(su_span_of(file, len), &table))
		return NULL;
	struct zone *zone = su_new(struct zone);
	memcpy(zone->name, name, strlen(name) + 1);
	zone->table = table;
	return zone;
}

static const struct zone *add_zone(const char *name, size_t bucket)
{
	pthread_mutex_lock(&adding);
	const struct zone *zone = find_cached(name, bucket);
	if (zone == NULL) {
		struct zone *added = read_zone(name);
		if (added != NULL) {
			added->next = atomic_load(&buckets[bucket]);
			atomic_store_explicit(&buckets[bucket], added, memory_order_release);
		}
		zone = added;
	}
	pthread_mutex_unlock(&adding);
	return zone;
}

const struct zone *zone_find(const char *name)
{
	if (name == NULL || strcmp(name, "UTC") == 0)
		return &utc;
	size_t bucket = bucket_of(name);
	const struct zone *zone = find_cached(name, bucket);
	if (zone != NULL || !may_be_zone(name))
		return zone;
	return add_zone(name, bucket);
}

/* The last era that began at utc_s or before. */
static size_t era_at(const struct zone *zone, int64_t utc_s)
{
	size_t low = 0, high = zone->table.n;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (zone->table.eras[middle].from_s <= utc_s)
			low = middle;
		else
			high = middle;
	}
	return low;
}

int64_t zone_to_local_s(const struct zone *zone, int64_t utc_s)
{
	return utc_s + zone->table.eras[era_at(zone, utc_s)].offset_s;
}

int64_t zone_to_utc_s(const struct zone *zone, int64_t local_s)
{
	const struct tz_era *eras = zone->table.eras;
	/* No offset is more than a day: no earlier era can show local_s. */
	size_t i = era_at(zone, local_s - 27 * 3600);
	while (i + 1 < zone->table.n && eras[i + 1].from_s + eras[i].offset_s <= local_s)
		i++;
	int64_t utc_s = local_s - eras[i].offset_s;
	return utc_s > eras[i].from_s ? utc_s : eras[i].from_s;
}
