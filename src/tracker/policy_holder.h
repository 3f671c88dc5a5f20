/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy that is in force, for everybody who decides. It never changes while it is held; after
 * another document was saved (by this suitd or another) the next one to ask gets that.
 */
#pragma once

#include "base/loop.h"
#include "base/work.h"
#include "policy/document.h"
#include "store/connection.h"
#include "store/notify.h"

struct policy_holder;

struct policy_holder_opts {
	struct su_loop *loop;
	struct su_work *work;    /* its thread context is a struct store_conn * */
	struct store_conn *conn; /* for the start alone: it is waited for */
	struct su_span seed;     /* saved when the database has none; empty: policy_default_text */
	int64_t now_ms;
};
/* SU_INVALID: the stored document, or the seed, is none that we understand. */
enum su_status policy_holder_start(const struct policy_holder_opts *opts,
	struct policy_holder **out, struct su_error *err) SU_MUST_CHECK;
/* After the workers have stopped. */
void policy_holder_stop(struct policy_holder **holder);
/* To be called with every notification of the store. Loop thread. */
void policy_holder_on_notify(struct policy_holder *holder, enum notify_topic topic);

/* Any thread: 
 *	struct policy_use use su_auto(policy_holder_done) = policy_holder_use(holder);
 */
struct policy_use {
	const struct policy *policy; /* until policy_holder_done */
	int64_t version;
	struct su_held *held;
};
struct policy_use policy_holder_use(struct policy_holder *holder);
void policy_holder_done(struct policy_use *use);

/* Reads it if there is a newer one: for those who must not go by an old one, though its notification is still
 * on its way. Worker thread; on a fault the old one stays. */
void policy_holder_keep_up(struct policy_holder *holder, struct store_conn *conn);

/* Reads it from the database now: for those who have just saved one. Worker thread. */
enum su_status policy_holder_refresh(
	struct policy_holder *holder, struct store_conn *conn, struct su_error *err) SU_MUST_CHECK;
