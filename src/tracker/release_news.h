/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The changes of releases that came last, so that only those devices are judged anew which a change may
 * concern. What a device should install is chosen at a generation; it stands while no later change
 * concerns the device. Bounded: of what was forgotten, everybody is concerned. Loop thread.
 */
#pragma once

#include "model/release_change.h"

struct release_news;

struct release_news *release_news_new(void);
void release_news_free(struct release_news **news);

/* Of now; above 0, and grows with each change. */
uint64_t release_news_generation(const struct release_news *news);
/* text: of release_change_format, or NULL: everything may have changed. False: it was known already, or
 * concerns nobody. */
bool release_news_add(struct release_news *news, const char *text);
/* Whether something has changed for this device since. */
bool release_news_concern(
	const struct release_news *news, uint64_t since, const struct characteristics *told);
