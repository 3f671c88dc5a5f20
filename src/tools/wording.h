/* SPDX-License-Identifier: Apache-2.0 */
/* Times, spans of time and states in words, for a person at a terminal. */
#pragma once

#include <jansson.h>

#include "base/arena.h"

/* "2 days 3 hours", "5 minutes", "40 seconds"; the two largest units. */
const char *wording_span(struct su_arena *arena, int64_t span_ms);
/* An ISO 8601 duration in such words; "never" stays, NULL is "-". */
const char *wording_duration(struct su_arena *arena, const char *duration);
/* "2026-11-21 16:02 UTC, in 2 hours"; "..., 3 days ago". A JSON null or no time: "-". */
const char *wording_time(struct su_arena *arena, const json_t *time, int64_t now_ms);
/* "2026-11-21 16:02" of a JSON time, for columns; "-". */
const char *wording_minute(struct su_arena *arena, const json_t *time);
/* "12 planned, 3 confirmed": the members of an object of counts that are not 0; "none". */
const char *wording_counts(struct su_arena *arena, const json_t *counts);
