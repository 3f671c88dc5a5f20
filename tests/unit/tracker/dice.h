/* SPDX-License-Identifier: Apache-2.0 */
/* Random choices that are the same for the same seed, on every machine. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct dice {
	uint32_t state;
};

static inline unsigned dice_throw(struct dice *dice, unsigned sides)
{
	dice->state = dice->state * 1664525U + 1013904223U;
	return (unsigned)(((uint64_t)dice->state * sides) >> 32);
}

static inline bool dice_hits(struct dice *dice, unsigned percent)
{
	return dice_throw(dice, 100) < percent;
}

/* The index of one of the weights, each as likely as it is heavy. */
static inline size_t dice_pick(struct dice *dice, const unsigned *weights, size_t n)
{
	unsigned sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += weights[i];
	unsigned left = dice_throw(dice, sum);
	size_t at = 0;
	while (at + 1 < n && left >= weights[at])
		left -= weights[at++];
	return at;
}

/* SUITD_TEST_SEEDS says how many seeds are wanted; never fewer than these. */
static inline unsigned dice_seeds(unsigned at_least)
{
	const char *wanted = getenv("SUITD_TEST_SEEDS");
	const unsigned long n = wanted ? strtoul(wanted, NULL, 10) : 0;
	return n > at_least ? (unsigned)n : at_least;
}
