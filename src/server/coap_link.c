/* SPDX-License-Identifier: Apache-2.0 */
/* Links in buckets by endpoint name, and in a list by their last contact. */
#include "server/coap_link.h"

#include <string.h>

#include "base/memory.h"
#include "base/span.h"
#include "server/coap_push.h"

enum {
	BUCKETS = 1024,
	AWAKE_S = 93, /* RFC 7252 section 4.8.2, MAX_TRANSMIT_WAIT: what LwM2M's queue mode has */
	WORKING_S = 300, /* so long one that is off when idle counts as working */
	MS_PER_S = 1000,
};

struct coap_links {
	size_t max, count;
	struct coap_link *newest, *oldest;
	struct coap_link *buckets[BUCKETS];
};

static struct coap_link **bucket_of(struct coap_links *links, const char *endpoint)
{
	return &links->buckets[su_span_hash(su_span_str(endpoint)) % BUCKETS];
}

struct coap_links *coap_links_new(size_t max)
{
	struct coap_links *links = su_new(struct coap_links);
	links->max = max;
	return links;
}

static void set_peer(struct coap_link *link, struct coap_peer *peer)
{
	if (link->peer == peer)
		return;
	if (link->peer) {
		link->peer->n_links--;
		coap_session_release(link->peer->session);
	}
	link->peer = peer;
	if (peer) {
		peer->n_links++;
		coap_session_reference(peer->session);
	}
}

static void take_out(struct coap_links *links, struct coap_link *link)
{
	*(link->newer ? &link->newer->older : &links->newest) = link->older;
	*(link->older ? &link->older->newer : &links->oldest) = link->newer;
	link->newer = link->older = NULL;
}

static void put_newest(struct coap_links *links, struct coap_link *link)
{
	link->older = links->newest;
	*(link->older ? &link->older->newer : &links->oldest) = link;
	links->newest = link;
}

static void forget(struct coap_links *links, struct coap_link *link)
{
	struct coap_link **at = bucket_of(links, link->endpoint);
	while (*at != link)
		at = &(*at)->next;
	*at = link->next;
	take_out(links, link);
	set_peer(link, NULL);
	links->count--;
	su_free_ptr(&link->endpoint);
	su_free_ptr(&link);
}

void coap_links_free(struct coap_links **links)
{
	if (!*links)
		return;
	while ((*links)->oldest)
		forget(*links, (*links)->oldest);
	su_free_ptr(links);
}

struct coap_link *coap_links_find(const struct coap_links *links, const char *endpoint)
{
	struct coap_link *link = *bucket_of((struct coap_links *)links, endpoint);
	while (link && strcmp(link->endpoint, endpoint) != 0)
		link = link->next;
	return link;
}

static bool make_room(struct coap_links *links)
{
	struct coap_link *link = links->oldest;
	if (links->count < links->max)
		return true;
	while (link && link->command)
		link = link->newer;
	if (link)
		forget(links, link);
	return link != NULL;
}

static struct coap_link *add(struct coap_links *links, const char *endpoint)
{
	if (!make_room(links))
		return NULL;
	struct coap_link *link = su_new(struct coap_link);
	struct coap_link **bucket = bucket_of(links, endpoint);
	link->endpoint = su_strdup(endpoint);
	link->szx = COAP_PUSH_LARGEST_SZX;
	link->next = *bucket;
	*bucket = link;
	links->count++;
	put_newest(links, link);
	return link;
}

struct coap_link *coap_links_note(
	struct coap_links *links, const char *endpoint, struct coap_peer *peer, int64_t now_ms)
{
	struct coap_link *link = coap_links_find(links, endpoint);
	if (!link)
		link = add(links, endpoint);
	if (!link)
		return NULL;
	set_peer(link, peer);
	link->last_ms = now_ms;
	link->silent = false;
	take_out(links, link);
	put_newest(links, link);
	return link;
}

void coap_links_drop_peer(struct coap_links *links, const struct coap_peer *peer)
{
	size_t n_left = peer->n_links;
	for (struct coap_link *link = links->newest; link && n_left > 0; link = link->older) {
		if (link->peer != peer)
			continue;
		n_left--;
		set_peer(link, NULL);
	}
}

static int64_t listening_s(const struct profile *profile)
{
	if (profile && profile->has_awake && profile->awake_s > 0)
		return profile->awake_s;
	if (profile && profile->has_reachability && profile->reachability == REACH_WHILE_WORKING)
		return WORKING_S;
	return AWAKE_S;
}

bool coap_link_in_reach(const struct coap_link *link, const struct profile *profile, int64_t now_ms,
	int64_t *until_ms_out)
{
	bool always = profile && profile->has_reachability && profile->reachability == REACH_ALWAYS;
	bool behind_nat = profile && profile->has_behind_nat && profile->behind_nat;
	if (!link->peer || (link->silent && (!always || behind_nat)))
		return false;
	*until_ms_out =
		always ? INT64_MAX : link->last_ms + listening_s(profile) * (int64_t)MS_PER_S;
	return now_ms < *until_ms_out;
}
