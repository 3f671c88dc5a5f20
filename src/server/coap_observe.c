/* SPDX-License-Identifier: Apache-2.0 */
/* Observers in buckets by endpoint name, and a queue of those to be told. */
#include "server/coap_observe.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/span.h"
#include "server/coap_manifest.h"

enum { BUCKETS = 1024, MAX_OF_PEER = 4, BATCH = 50, PACE_MS = 20, RETRY_MS = 5000 };

struct observer {
	struct observer *next;     /* in its bucket */
	struct observer *next_due; /* in the queue */
	struct coap_observers *all;
	struct coap_peer *peer; /* its session is referenced */
	struct su_arena *arena;
	const char *endpoint, *address;
	struct coap_request request; /* token and block size are taken from here */
	bool has_form;
	enum envelope_form form;
	uint8_t etag[COAP_ETAG_MAX_BYTES]; /* of what it was told last */
	size_t etag_len;                   /* 0: that there is nothing */
	bool due, polling, dead;
	bool again; /* changed while it was being asked for */
	bool retry; /* asking failed for the moment */
};

struct coap_observers {
	struct su_timer *timer, *retry_timer;
	struct device_front *devices;
	struct blob_store *blobs;
	size_t max, count, n_polling;
	uint32_t last_number;
	struct observer *due, **due_end;
	struct observer *buckets[BUCKETS];
	bool closed; /* freed when the last poll comes back */
};

static struct observer **bucket_of(struct coap_observers *observers, const char *endpoint)
{
	return &observers->buckets[su_span_hash(su_span_str(endpoint)) % BUCKETS];
}

static void free_observer(struct observer *observer)
{
	struct su_arena *arena = observer->arena;
	su_arena_free(&arena);
}

/* Takes *link out. Queue and polls under way may hold it still; then they free it. */
static void remove_at(struct observer **link)
{
	struct observer *observer = *link;
	*link = observer->next;
	observer->all->count--;
	observer->dead = true;
	observer->peer->n_observations--;
	coap_session_release(observer->peer->session);
	observer->peer = NULL;
	if (!observer->due && !observer->polling)
		free_observer(observer);
}

static void remove_observer(struct observer *observer)
{
	struct observer **link = bucket_of(observer->all, observer->endpoint);
	while (*link != observer)
		link = &(*link)->next;
	remove_at(link);
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
	observer->retry = true;
	su_timer_set(observer->all->retry_timer, RETRY_MS);
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

static void send_notification(struct observer *observer, const struct coap_answer *answer)
{
	struct coap_peer *peer = observer->peer;
	bool confirmable = coap_peer_may_confirm(peer, su_clock_wall_ms());
	coap_pdu_t *pdu = coap_pdu_init(confirmable ? COAP_MESSAGE_CON : COAP_MESSAGE_NON,
		(coap_pdu_code_t)answer->code, coap_new_message_id(peer->session),
		coap_session_max_pdu_size(peer->session));
	if (!pdu)
		return;
	struct su_span token = observer->request.token;
	if (coap_add_token(pdu, token.len, token.data) && coap_reply_write(pdu, answer))
		coap_send(peer->session, pdu);
	else
		coap_delete_pdu(pdu);
}

static void tell(struct observer *observer, struct coap_content *content)
{
	struct coap_answer answer;
	if (su_span_equal(content->etag, su_span_of(observer->etag, observer->etag_len)))
		return;
	if (content->etag.len > 0)
		memcpy(observer->etag, content->etag.data, content->etag.len);
	observer->etag_len = content->etag.len;
	content->observed = true;
	content->observe = ++observer->all->last_number;
	content->max_age_s = COAP_MANIFEST_OBSERVE_MAX_AGE_S;
	if (coap_reply_cut(&observer->request, content, &answer, NULL) == 0)
		send_notification(observer, &answer);
}

/* An error is the last notification. */
static void end_with_error(struct observer *observer, const struct su_error *err)
{
	struct coap_answer answer = COAP_ANSWER(coap_reply_code(err->status));
	answer.payload = su_span_str(err->text);
	send_notification(observer, &answer);
	remove_observer(observer);
}

static void tell_offer(struct observer *observer, const struct offer *offer)
{
	struct blob_mapping *mapping = NULL;
	struct coap_content content = { .content_format = -1 };
	struct su_error err = { 0 };
	if (offer && coap_manifest_content(observer->all->blobs, offer, &mapping, &content, &err) !=
			     SU_OK) {
		su_log(SU_LOG_ERROR, "cannot notify", SU_STR("endpoint", observer->endpoint),
			SU_STR("reason", err.text));
		return;
	}
	tell(observer, &content);
	if (mapping)
		blob_unmap(&mapping);
}

static void free_when_idle(struct coap_observers *observers)
{
	if (observers->closed && observers->n_polling == 0)
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
		tell_offer(observer, offer);
	} else if (err->status == SU_NOT_FOUND || err->status == SU_DENIED) {
		end_with_error(observer, err);
	} else {
		make_retry(observer);
	}
	free_when_idle(all);
}

static void poll_for(struct observer *observer)
{
	struct su_error err = { 0 };
	const struct coap_peer *peer = observer->peer;
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
	for (size_t i = 0; i < BATCH && observers->due; i++) {
		struct observer *observer = take_due(observers);
		if (!observer->dead && !observer->polling)
			poll_for(observer);
		else if (!observer->dead)
			observer->again = true;
		else if (!observer->polling)
			free_observer(observer);
	}
	if (observers->due)
		su_timer_set(observers->timer, PACE_MS);
}

static void on_retry(void *arg)
{
	struct coap_observers *observers = arg;
	for (size_t i = 0; i < BUCKETS; i++) {
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
	observers->blobs = blobs;
	observers->max = max;
	observers->due_end = &observers->due;
	return observers;
}

void coap_observers_free(struct coap_observers **observers)
{
	struct coap_observers *all = *observers;
	if (!all)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		while (all->buckets[i])
			remove_at(&all->buckets[i]);
	while (all->due) {
		struct observer *observer = take_due(all);
		if (!observer->polling)
			free_observer(observer);
	}
	su_timer_free(&all->timer);
	su_timer_free(&all->retry_timer);
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
	observer->arena = arena;
	observer->all = observers;
	observer->peer = exchange->peer;
	observer->peer->n_observations++;
	coap_session_reference(observer->peer->session);
	observer->endpoint = su_arena_strdup(arena, contact->endpoint);
	observer->address = su_arena_strdup(arena, contact->address);
	observer->request.token = su_arena_copy(arena, exchange->request.token);
	observer->request.block2 = exchange->request.block2;
	observer->has_form = contact->form != NULL;
	observer->form = contact->form ? *contact->form : ENVELOPE_FULL;
	observer->etag_len = etag.len;
	if (etag.len > 0)
		memcpy(observer->etag, etag.data, etag.len);
	struct observer **bucket = bucket_of(observers, observer->endpoint);
	observer->next = *bucket;
	*bucket = observer;
	observers->count++;
	*number_out = ++observers->last_number;
	return true;
}

/* token NULL: any. */
static void remove_of_peer(
	struct coap_observers *observers, const struct coap_peer *peer, const struct su_span *token)
{
	for (size_t i = 0; i < BUCKETS && peer->n_observations > 0; i++) {
		for (struct observer **link = &observers->buckets[i]; *link;) {
			if ((*link)->peer == peer &&
				(!token || su_span_equal((*link)->request.token, *token)))
				remove_at(link);
			else
				link = &(*link)->next;
		}
	}
}

void coap_observers_remove(
	struct coap_observers *observers, const struct coap_peer *peer, struct su_span token)
{
	remove_of_peer(observers, peer, &token);
}

void coap_observers_remove_peer(struct coap_observers *observers, const struct coap_peer *peer)
{
	remove_of_peer(observers, peer, NULL);
}

void coap_observers_notify(struct coap_observers *observers, const char *endpoint)
{
	if (endpoint) {
		for (struct observer *o = *bucket_of(observers, endpoint); o; o = o->next)
			if (strcmp(o->endpoint, endpoint) == 0)
				make_due(o);
		return;
	}
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct observer *o = observers->buckets[i]; o; o = o->next)
			make_due(o);
}
