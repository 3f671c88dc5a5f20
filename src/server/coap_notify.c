/* SPDX-License-Identifier: Apache-2.0 */
/* Two queues: who is to be told now, and who has been told and did not have to confirm it. */
#include "server/coap_notify.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "server/coap_datagrams.h"

enum {
	FEW = 16,         /* so many at once are confirmable */
	MAX_BURST = 2048, /* before others have their turn on the loop */
	/* Who was told without confirmation is told again after this, so many at a time. */
	DOUBT_MS = 3000,
	DOUBT_BATCH = 50,
	DOUBT_PACE_MS = 20,
};

struct coap_notice_queue {
	struct coap_notice *first, *last;
	size_t count;
};

struct coap_notifier {
	struct blob_store *blobs;
	struct su_timer *timer, *doubt_timer;
	struct coap_notice_queue due, doubted;
	uint32_t last_number;
	/* What was sent last: most are told the same. */
	struct digest mapped;
	struct blob_mapping *mapping; /* NULL: none */
};

static void leave(struct coap_notice *notice)
{
	struct coap_notice_queue *queue = notice->queue;
	if (!queue)
		return;
	*(notice->previous ? &notice->previous->next : &queue->first) = notice->next;
	*(notice->next ? &notice->next->previous : &queue->last) = notice->previous;
	queue->count--;
	notice->queue = NULL;
}

static void join(struct coap_notice_queue *queue, struct coap_notice *notice)
{
	leave(notice);
	notice->next = NULL;
	notice->previous = queue->last;
	*(queue->last ? &queue->last->next : &queue->first) = notice;
	queue->last = notice;
	queue->count++;
	notice->queue = queue;
}

static bool send_answer(
	struct coap_notice *notice, const struct coap_answer *answer, bool confirmable)
{
	coap_session_t *session = notice->peer->session;
	const struct su_span token = notice->request.token;
	coap_pdu_t *pdu = coap_pdu_init(confirmable ? COAP_MESSAGE_CON : COAP_MESSAGE_NON,
		(coap_pdu_code_t)answer->code, coap_new_message_id(session),
		coap_session_max_pdu_size(session));
	if (!pdu)
		return false;
	if (!coap_add_token(pdu, token.len, token.data) || !coap_reply_write(pdu, answer)) {
		coap_delete_pdu(pdu);
		return false;
	}
	return coap_send(session, pdu) != COAP_INVALID_MID;
}

static void let_go(struct coap_notifier *notifier)
{
	if (notifier->mapping)
		blob_unmap(&notifier->mapping);
}

static enum su_status find_content(struct coap_notifier *notifier, const struct coap_notice *notice,
	struct coap_content *out, struct su_error *err)
{
	*out = (struct coap_content){ .content_format = -1 };
	if (!notice->has_envelope)
		return SU_OK;
	if (!notifier->mapping || !digest_equal(&notifier->mapped, &notice->envelope)) {
		let_go(notifier);
		notifier->mapped = notice->envelope;
		SU_TRY(blob_map(notifier->blobs, &notice->envelope, &notifier->mapping, err));
	}
	*out = coap_offer_content_of(&notice->envelope, notifier->mapping);
	return SU_OK;
}

static void send_content(
	struct coap_notifier *notifier, struct coap_notice *notice, bool confirmable)
{
	struct coap_content content;
	struct coap_answer answer;
	struct su_error err = { 0 };
	if (find_content(notifier, notice, &content, &err) != SU_OK) {
		su_log(SU_LOG_ERROR, "cannot notify", SU_STR("reason", err.text));
		return;
	}
	content.observed = true;
	content.observe = coap_notifier_number(notifier);
	content.max_age_s = COAP_OFFER_OBSERVE_MAX_AGE_S;
	if (content.etag.len > 0)
		memcpy(notice->etag, content.etag.data, content.etag.len);
	notice->etag_len = content.etag.len;
	if (coap_reply_cut(&notice->request, &content, &answer, NULL) == 0)
		(void)send_answer(notice, &answer, confirmable);
}

static void doubt(struct coap_notifier *notifier, struct coap_notice *notice, int64_t now_ms)
{
	if (!notifier->doubted.first)
		su_timer_set(notifier->doubt_timer, DOUBT_MS);
	notice->told_ms = now_ms;
	join(&notifier->doubted, notice);
}

static void on_time(void *arg)
{
	struct coap_notifier *notifier = arg;
	const bool are_few = notifier->due.count <= FEW;
	const int64_t now_ms = su_clock_mono_ms();
	coap_datagrams_hold();
	for (size_t i = 0; i < MAX_BURST && notifier->due.first; i++) {
		struct coap_notice *notice = notifier->due.first;
		leave(notice);
		bool confirmable = are_few && coap_peer_may_confirm(notice->peer, now_ms);
		send_content(notifier, notice, confirmable);
		if (!confirmable)
			doubt(notifier, notice, now_ms);
	}
	coap_datagrams_release();
	let_go(notifier);
	if (notifier->due.first)
		su_timer_set(notifier->timer, 0);
}

static void on_doubt(void *arg)
{
	struct coap_notifier *notifier = arg;
	const int64_t now_ms = su_clock_mono_ms();
	struct coap_notice *notice;
	coap_datagrams_hold();
	for (size_t i = 0; i < DOUBT_BATCH && (notice = notifier->doubted.first) &&
			   now_ms - notice->told_ms >= DOUBT_MS;
		i++) {
		leave(notice);
		if (coap_peer_may_confirm(notice->peer, now_ms))
			send_content(notifier, notice, true);
		else
			doubt(notifier, notice, now_ms); /* its turn comes */
	}
	coap_datagrams_release();
	let_go(notifier);
	notice = notifier->doubted.first;
	if (!notice)
		return;
	const int64_t wait_ms = notice->told_ms + DOUBT_MS - now_ms;
	su_timer_set(notifier->doubt_timer, wait_ms > DOUBT_PACE_MS ? wait_ms : DOUBT_PACE_MS);
}

struct coap_notifier *coap_notifier_new(struct su_loop *loop, struct blob_store *blobs)
{
	struct coap_notifier *notifier = su_new(struct coap_notifier);
	notifier->blobs = blobs;
	notifier->timer = su_timer_new(loop, on_time, notifier);
	notifier->doubt_timer = su_timer_new(loop, on_doubt, notifier);
	return notifier;
}

void coap_notifier_free(struct coap_notifier **notifier)
{
	if (!*notifier)
		return;
	su_timer_free(&(*notifier)->timer);
	su_timer_free(&(*notifier)->doubt_timer);
	su_free_ptr(notifier);
}

uint32_t coap_notifier_number(struct coap_notifier *notifier)
{
	return ++notifier->last_number;
}

static bool knows_it(const struct coap_notice *notice, const struct offer *offer)
{
	const struct su_span told = su_span_of(notice->etag, notice->etag_len);
	return su_span_equal(told, offer ? coap_offer_etag(&offer->envelope) : SU_SPAN_EMPTY);
}

void coap_notifier_tell(
	struct coap_notifier *notifier, struct coap_notice *notice, const struct offer *offer)
{
	if (notice->queue == &notifier->due)
		leave(notice); /* the newer word counts */
	if (knows_it(notice, offer))
		return;
	notice->has_envelope = offer != NULL;
	if (offer)
		notice->envelope = offer->envelope;
	if (!notifier->due.first)
		su_timer_set(notifier->timer, 0);
	join(&notifier->due, notice);
}

void coap_notifier_end(struct coap_notice *notice, const struct su_error *err)
{
	struct coap_answer answer = COAP_ANSWER(coap_reply_code(err->status));
	answer.payload = su_span_str(err->text);
	leave(notice);
	(void)send_answer(notice, &answer, coap_peer_may_confirm(notice->peer, su_clock_mono_ms()));
}

void coap_notifier_drop(struct coap_notice *notice)
{
	leave(notice);
}
