/* SPDX-License-Identifier: Apache-2.0 */
/* A ring: the change that led to generation g stands at g modulo its size. */
#include "tracker/release_news.h"

#include <string.h>

#include "base/memory.h"

#define KEPT 256

struct piece {
	struct su_arena *arena; /* of text and change; NULL: none yet */
	const char *text;
	struct release_change change;
};

struct release_news {
	uint64_t generation;
	uint64_t floor; /* what was chosen before it may be wrong for anybody */
	struct piece pieces[KEPT];
};

struct release_news *release_news_new(void)
{
	struct release_news *news = su_new(struct release_news);
	news->generation = news->floor = 1;
	return news;
}

void release_news_free(struct release_news **news)
{
	if (!news || !*news)
		return;
	for (size_t i = 0; i < KEPT; i++)
		su_arena_free(&(*news)->pieces[i].arena);
	su_free_ptr(news);
}

uint64_t release_news_generation(const struct release_news *news)
{
	return news->generation;
}

/* It comes from who made the change, and by way of the database once more. */
static bool is_known(const struct release_news *news, const char *text)
{
	for (uint64_t g = news->generation; g >= news->floor; g--) {
		const char *known = news->pieces[g % KEPT].text;
		if (known && strcmp(known, text) == 0)
			return true;
	}
	return false;
}

static void keep(struct release_news *news, const struct piece *fresh)
{
	struct piece *piece = &news->pieces[++news->generation % KEPT];
	su_arena_free(&piece->arena);
	*piece = *fresh;
	if (piece->change.audience == CONCERNS_ALL)
		news->floor = news->generation;
	else if (news->generation - news->floor > KEPT)
		news->floor = news->generation - KEPT;
}

bool release_news_add(struct release_news *news, const char *text)
{
	if (!text) {
		news->floor = ++news->generation;
		return true;
	}
	if (is_known(news, text))
		return false;
	struct piece fresh = { .arena = su_arena_new() };
	fresh.text = su_arena_strdup(fresh.arena, text);
	release_change_parse(fresh.arena, text, &fresh.change);
	const bool is_for_somebody = fresh.change.audience != CONCERNS_NOBODY;
	if (is_for_somebody)
		keep(news, &fresh);
	else
		su_arena_free(&fresh.arena);
	return is_for_somebody;
}

bool release_news_concern(
	const struct release_news *news, uint64_t since, const struct characteristics *told)
{
	if (since < news->floor)
		return true;
	for (uint64_t g = news->generation; g > since; g--)
		if (release_change_concerns(&news->pieces[g % KEPT].change, told))
			return true;
	return false;
}
