/* SPDX-License-Identifier: Apache-2.0 */
/* Observers in buckets by endpoint name, and a queue of those to be told. */
#include "server/coap_observe.h"

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/span.h"
#include "server/coap_notify.h"

enum {
	MAX_OF_PEER = 4,
	MIN_BUCKETS = 64,
	MAX_BUCKETS = 1 << 16,
	/* Whole fleets are asked for at once: so many in a turn of the loop, and under way. */
	BATCH = 512,
	MAX_POLLING = 2048,
	RETRY_MS = 5000,
};

struct observer {
	struct coap_notice notice; /* its peer's session is referenced */
	struct observer *next;     /* in its bucket */
	struct observer *next_of_peer;
	struct observer *next_due; /* in the queue */
	struct coap_observers *all;
	struct su_arena *arena;
	const char *endpoint, *address;
	bool has_form;
	enum envelope_form form;
	bool due, polling, dead;
	bool again; /* changed while it was being asked for */
	bool retry; /* asking failed for the moment, or an older answer stood in */
};

struct coap_observers {
	struct su_timer *timer, *retry_timer;
	struct device_front *devices;
	struct coap_notifier *notifier;
	size_t max, count, n_polling;
	struct observer *due, **due_end;
	size_t n_buckets; /* a power of two */
	struct observer **buckets;
	bool is_retry_set; /* retry_timer: who comes later must not put it off */
	bool closed;       /* freed when the last poll comes back */
};

static struct observer **bucket_of(struct coap_observers *observers, const char *endpoint)
{
	const uint64_t hash = su_span_hash(su_span_str(endpoint));
	return &observers->buckets[hash & (observers->n_buckets - 1)];
}

static void free_observer(struct observer *observer)
{
	struct su_arena *arena = observer->arena;
	su_arena_free(&arena);
}

static void leave_bucket(struct observer *observer)
{
	struct observer **link = bucket_of(observer->all, observer->endpoint);
	while (*link != observer)
		link = &(*link)->next;
	*link = observer->next;
}

static void leave_peer(struct observer *observer)
{
	struct coap_peer *peer = observer->notice.peer;
	struct observer **link = &peer->observers;
	while (*link != observer)
		link = &(*link)->next_of_peer;
	*link = observer->next_of_peer;
	peer->n_observations--;
	observer->notice.peer = NULL;
	coap_session_release(peer->session);
}

/* Queue and polls under way may hold it still; then they free it. */
static void remove_observer(struct observer *observer)
{
	leave_bucket(observer);
	coap_notifier_drop(&observer->notice);
	leave_peer(observer);
	observer->all->count--;
	observer->dead = true;
	if (!observer->due && !observer->polling)
		free_observer(observer);
}

static void make_due(struct observer *observer)
{
	struct coap_observers *all = observer->all;
	if (observer->due)
		return;
	observer->due = true;
	observer->next_due = NULL;
	if (!all->due)
		su_timer_set(all->timer, 0);
	*all->due_end = observer;
	all->due_end = &observer->next_due;
}

static void make_retry(struct observer *observer)
{
	struct coap_observers *all = observer->all;
	observer->retry = true;
	if (!all->is_retry_set)
		su_timer_set(all->retry_timer, RETRY_MS);
	all->is_retry_set = true;
}

/* It was told what had been offered before: the database could not be asked what holds by now. */
static void retry_unless_chosen(struct observer *observer)
{
	struct tracker *tracker = device_front_tracker(observer->all->devices);
	if (!tracker_has_chosen(tracker, observer->endpoint))
		make_retry(observer);
}

static struct observer *take_due(struct coap_observers *observers)
{
	struct observer *observer = observers->due;
	observers->due = observer->next_due;
	if (!observers->due)
		observers->due_end = &observers->due;
	observer->due = false;
	return observer;
}

/* An error is the last notification. */
static void end_with_error(struct observer *observer, const struct su_error *err)
{
	coap_notifier_end(&observer->notice, err);
	remove_observer(observer);
}

static void free_when_idle(struct coap_observers *observers)
{
	if (!observers->closed || observers->n_polling > 0)
		return;
	su_free_ptr(&observers->buckets);
	su_free_ptr(&observers);
}

static void on_offer(void *arg, const struct offer *offer, const struct su_error *err)
{
	struct observer *observer = arg;
	struct coap_observers *all = observer->all;
	observer->polling = false;
	all->n_polling--;
	if (observer->dead) {
		if (!observer->due)
			free_observer(observer);
	} else if (observer->again) {
		observer->again = false;
		make_due(observer);
	} else if (!err) {
		coap_notifier_tell(all->notifier, &observer->notice, offer);
		retry_unless_chosen(observer);
	} else if (err->status == SU_NOT_FOUND || err->status == SU_DENIED) {
		end_with_error(observer, err);
	} else {
		make_retry(observer);
	}
	if (all->due && !all->closed)
		su_timer_set(all->timer, 0);
	free_when_idle(all);
}

static void poll_for(struct observer *observer)
{
	struct su_error err = { 0 };
	const struct coap_peer *peer = observer->notice.peer;
	struct contact contact = {
		.transport = coap_peer_transport(peer),
		.address = observer->address,
		.form = observer->has_form ? &observer->form : NULL,
		.now_ms = su_clock_wall_ms(),
	};
	struct device_claim claim = {
		.endpoint = observer->endpoint,
		.identity = peer->identity,
		.generation = peer->generation,
	};
	enum su_status status =
		device_front_identify(observer->all->devices, &claim, &contact, &err);
	if (status == SU_RETRY)
		make_retry(observer);
	else if (status != SU_OK)
		end_with_error(observer, &err);
	if (status != SU_OK)
		return;
	observer->polling = true;
	observer->all->n_polling++;
	tracker_poll(device_front_tracker(observer->all->devices), &contact, on_offer, observer);
}

static void on_time(void *arg)
{
	struct coap_observers *observers = arg;
	for (size_t i = 0; i < BATCH && observers->due && observers->n_polling < MAX_POLLING; i++) {
		struct observer *observer = take_due(observers);
		if (!observer->dead && !observer->polling)
			poll_for(observer);
		else if (!observer->dead)
			observer->again = true;
		else if (!observer->polling)
			free_observer(observer);
	}
	/* Else the next answer goes on. */
	if (observers->due && observers->n_polling < MAX_POLLING)
		su_timer_set(observers->timer, 0);
}

static void on_retry(void *arg)
{
	struct coap_observers *observers = arg;
	observers->is_retry_set = false;
	for (size_t i = 0; i < observers->n_buckets; i++) {
		for (struct observer *o = observers->buckets[i]; o; o = o->next) {
			if (o->retry)
				make_due(o);
			o->retry = false;
		}
	}
}

struct coap_observers *coap_observers_new(
	struct su_loop *loop, struct device_front *devices, struct blob_store *blobs, size_t max)
{
	struct coap_observers *observers = su_new(struct coap_observers);
	observers->timer = su_timer_new(loop, on_time, observers);
	observers->retry_timer = su_timer_new(loop, on_retry, observers);
	observers->devices = devices;
	observers->notifier = coap_notifier_new(loop, blobs);
	observers->max = max;
	observers->n_buckets = MIN_BUCKETS;
	while (observers->n_buckets < max && observers->n_buckets < MAX_BUCKETS)
		observers->n_buckets *= 2;
	observers->buckets = su_new_array(observers->n_buckets, sizeof(*observers->buckets));
	observers->due_end = &observers->due;
	return observers;
}

void coap_observers_free(struct coap_observers **observers)
{
	struct coap_observers *all = *observers;
	if (!all)
		return;
	for (size_t i = 0; i < all->n_buckets; i++)
		while (all->buckets[i])
			remove_observer(all->buckets[i]);
	while (all->due) {
		struct observer *observer = take_due(all);
		if (!observer->polling)
			free_observer(observer);
	}
	su_timer_free(&all->timer);
	su_timer_free(&all->retry_timer);
	coap_notifier_free(&all->notifier);
	all->closed = true;
	free_when_idle(all);
	*observers = NULL;
}

bool coap_observers_add(struct coap_observers *observers, const struct coap_exchange *exchange,
	struct su_span etag, uint32_t *number_out)
{
	const struct contact *contact = &exchange->contact;
	coap_observers_remove(observers, exchange->peer, exchange->request.token);
	if (observers->count >= observers->max || exchange->peer->n_observations >= MAX_OF_PEER)
		return false;
	struct su_arena *arena = su_arena_new();
	struct observer *observer = su_arena_new_of(arena, struct observer);
	struct coap_peer *peer = exchange->peer;
	observer->arena = arena;
	observer->all = observers;
	observer->notice.peer = peer;
	observer->next_of_peer = peer->observers;
	peer->observers = observer;
	peer->n_observations++;
	coap_session_reference(peer->session);
	observer->endpoint = su_arena_strdup(arena, contact->endpoint);
	observer->address = su_arena_strdup(arena, contact->address);
	observer->notice.request.token = su_arena_copy(arena, exchange->request.token);
	observer->notice.request.block2 = exchange->request.block2;
	observer->has_form = contact->form != NULL;
	observer->form = contact->form ? *contact->form : ENVELOPE_FULL;
	observer->notice.etag_len = etag.len;
	if (etag.len > 0)
		memcpy(observer->notice.etag, etag.data, etag.len);
	struct observer **bucket = bucket_of(observers, observer->endpoint);
	observer->next = *bucket;
	*bucket = observer;
	observers->count++;
	retry_unless_chosen(observer);
	*number_out = coap_notifier_number(observers->notifier);
	return true;
}

void coap_observers_remove(
	struct coap_observers *observers, const struct coap_peer *peer, struct su_span token)
{
	(void)observers;
	struct observer *observer = peer->observers;
	while (observer && !su_span_equal(observer->notice.request.token, token))
		observer = observer->next_of_peer;
	if (observer)
		remove_observer(observer);
}

void coap_observers_remove_peer(struct coap_observers *observers, const struct coap_peer *peer)
{
	(void)observers;
	while (peer->observers)
		remove_observer(peer->observers);
}

void coap_observers_notify(struct coap_observers *observers, const char *endpoint)
{
	if (endpoint) {
		for (struct observer *o = *bucket_of(observers, endpoint); o; o = o->next)
			if (strcmp(o->endpoint, endpoint) == 0)
				make_due(o);
		return;
	}
	for (size_t i = 0; i < observers->n_buckets; i++)
		for (struct observer *o = observers->buckets[i]; o; o = o->next)
			make_due(o);
}
