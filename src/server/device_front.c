/* SPDX-License-Identifier: Apache-2.0 */
/* Judges what devices claim by the credentials in memory. */
#include "server/device_front.h"

#include <string.h>

#include "base/memory.h"
#include "server/credential_loader.h"

struct device_front {
	struct device_front_opts opts;
	struct credential_table *table;
	struct credential_loader *loader;
};

struct device_front *device_front_new(const struct device_front_opts *opts)
{
	struct device_front *front = su_new(struct device_front);
	front->opts = *opts;
	front->table = credential_table_new();
	front->loader = credential_loader_new(&(struct credential_loader_opts){
		.loop = opts->loop,
		.work = opts->work,
		.table = front->table,
		.key = opts->credential_key,
	});
	return front;
}

void device_front_free(struct device_front **front)
{
	if (!*front)
		return;
	credential_loader_free(&(*front)->loader);
	credential_table_free(&(*front)->table);
	su_free_ptr(front);
}

void device_front_on_notify(
	struct device_front *front, enum notify_topic topic, const char *payload)
{
	if (topic == NOTIFY_EVERYTHING)
		credential_loader_reload(front->loader);
	else if (topic == NOTIFY_CREDENTIAL)
		credential_loader_refresh(front->loader, payload);
}

struct change {
	struct device_front *front;
	struct su_arena *arena;
	struct credential credential;
};

static void on_put(void *arg)
{
	struct change *change = arg;
	struct device_front *front = change->front;
	credential_loader_put(front->loader, change->arena, &change->credential);
	struct su_arena *arena = change->arena;
	su_arena_free(&arena);
}

void device_front_put_credential(struct device_front *front, const struct credential *credential)
{
	struct su_arena *arena = su_arena_new();
	struct change *change = su_arena_new_of(arena, struct change);
	change->front = front;
	change->arena = arena;
	change->credential.endpoint = su_arena_strdup(arena, credential->endpoint);
	change->credential.psk_sealed = su_arena_copy(arena, credential->psk_sealed);
	change->credential.token_hash = su_arena_copy(arena, credential->token_hash);
	su_loop_post(front->opts.loop, on_put, change);
}

struct tracker *device_front_tracker(const struct device_front *front)
{
	return front->opts.tracker;
}

/* What the peer has shown must bear the name that it gives, if it gives one. */
static enum su_status accept_proof(const struct device_claim *claim, const char *proven,
	struct contact *contact, struct su_error *err)
{
	if (claim->endpoint && strcmp(claim->endpoint, proven) != 0)
		return su_fail(err, SU_DENIED, "ep", "the credential belongs to another device");
	contact->endpoint = proven;
	contact->authenticated = true;
	return SU_OK;
}

static enum su_status identify_by_psk(const struct device_front *front,
	const struct device_claim *claim, struct contact *contact, struct su_error *err)
{
	const struct device_secret *secret =
		credential_table_find(front->table, su_span_str(claim->identity));
	if (!secret || secret->psk.len == 0 || secret->generation != claim->generation)
		return su_fail(err, SU_UNAUTHENTICATED, "",
			"the pre-shared key was changed or withdrawn: make a new session");
	return accept_proof(claim, secret->endpoint, contact, err);
}

static enum su_status identify_by_token(const struct device_front *front,
	const struct device_claim *claim, struct contact *contact, struct su_error *err)
{
	uint8_t hash[CREDENTIAL_HASH_BYTES];
	credential_hash_secret(claim->bearer, hash);
	const struct device_secret *secret = credential_table_find_token(front->table, hash);
	if (!secret)
		return su_fail(err, SU_UNAUTHENTICATED, "", "the token is not known");
	return accept_proof(claim, secret->endpoint, contact, err);
}

static enum su_status identify_by_name(const struct device_front *front,
	const struct device_claim *claim, struct contact *contact, struct su_error *err)
{
	if (front->opts.require_credentials)
		return su_fail(err, SU_UNAUTHENTICATED, "", "devices must prove who they are");
	contact->endpoint = claim->endpoint;
	contact->authenticated = false;
	if (!claim->endpoint && claim->endpoint_optional)
		return SU_OK;
	if (!claim->endpoint)
		return su_fail(err, SU_INVALID, "ep", "the endpoint name is missing: ?ep=<name>");
	struct su_span name = su_span_str(claim->endpoint);
	SU_TRY(endpoint_check(name, err));
	if (credential_table_find(front->table, name))
		return su_fail(err, SU_UNAUTHENTICATED, "",
			"this device has a credential and must use it");
	return SU_OK;
}

enum su_status device_front_identify(const struct device_front *front,
	const struct device_claim *claim, struct contact *contact, struct su_error *err)
{
	if (!credential_loader_is_loaded(front->loader))
		return su_fail(err, SU_RETRY, "", "starting: try again in a moment");
	if (claim->identity)
		return identify_by_psk(front, claim, contact, err);
	if (claim->bearer)
		return identify_by_token(front, claim, contact, err);
	return identify_by_name(front, claim, contact, err);
}

bool device_front_is_ready(const struct device_front *front)
{
	return credential_loader_is_loaded(front->loader);
}

struct su_span device_front_psk(
	const struct device_front *front, struct su_span identity, uint64_t *generation_out)
{
	const struct device_secret *secret = credential_table_find(front->table, identity);
	*generation_out = secret ? secret->generation : 0;
	return secret ? secret->psk : SU_SPAN_EMPTY;
}
