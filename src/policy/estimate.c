/* SPDX-License-Identifier: Apache-2.0 */
/* Running moments of logarithms (Welford), and their ninth decile. */
#include "policy/estimate.h"

#include <math.h>

#define SECOND_MS 1000.0

/* Before anything is known: a slow radio link, and a minute to write and reboot. */
#define UNKNOWN_RATE_BYTES_S 2000.0
#define UNKNOWN_INSTALL_S    60.0

/* The normal deviate below which nine in ten lie. */
#define NINTH_DECILE 1.2816
/* A few observations say little of the spread: as if two more had been a factor of two away. */
#define PRIOR_WEIGHT   2.0
#define PRIOR_VARIANCE 0.48

/* Of a stream of observations. */
#define KNOWN_AFTER 5
#define FAR_OFF     3.0
#define FADE_AFTER  500

#define LONGEST_MS (INT64_C(30) * 24 * 3600 * 1000)

static void add(uint64_t *n, double *mean, double *m2, double value)
{
	(*n)++;
	double delta = value - *mean;
	*mean += delta / (double)*n;
	*m2 += delta * (value - *mean);
}

void estimate_add_transfer(struct estimate *estimate, uint64_t bytes, int64_t took_ms)
{
	if (bytes == 0 || took_ms <= 0)
		return;
	double rate = (double)bytes * SECOND_MS / (double)took_ms;
	add(&estimate->n_transfers, &estimate->mean_log_rate, &estimate->m2_log_rate, log(rate));
}

void estimate_add_install(struct estimate *estimate, int64_t took_ms)
{
	if (took_ms <= 0)
		return;
	add(&estimate->n_installs, &estimate->mean_log_install, &estimate->m2_log_install,
		log((double)took_ms / SECOND_MS));
}

static double deviation(uint64_t n, double m2)
{
	return sqrt((m2 + PRIOR_WEIGHT * PRIOR_VARIANCE) / ((double)n - 1 + PRIOR_WEIGHT));
}

static double within(double value, double mean, double distance)
{
	if (value > mean + distance)
		return mean + distance;
	return value < mean - distance ? mean - distance : value;
}

/* As if no more than so many had been seen. */
static void fade(uint64_t *n, double *m2)
{
	if (*n <= FADE_AFTER)
		return;
	*m2 *= (double)FADE_AFTER / (double)*n;
	*n = FADE_AFTER;
}

static void learn(uint64_t *n, double *mean, double *m2, double value)
{
	if (*n >= KNOWN_AFTER)
		value = within(value, *mean, FAR_OFF * deviation(*n, *m2));
	add(n, mean, m2, value);
	fade(n, m2);
}

void estimate_learn_transfer(struct estimate *estimate, uint64_t bytes, int64_t took_ms)
{
	if (bytes == 0 || took_ms <= 0)
		return;
	learn(&estimate->n_transfers, &estimate->mean_log_rate, &estimate->m2_log_rate,
		log((double)bytes * SECOND_MS / (double)took_ms));
}

void estimate_learn_install(struct estimate *estimate, int64_t took_ms)
{
	if (took_ms <= 0)
		return;
	learn(&estimate->n_installs, &estimate->mean_log_install, &estimate->m2_log_install,
		log((double)took_ms / SECOND_MS));
}

static int64_t bounded_ms(double seconds)
{
	double ms = ceil(seconds * SECOND_MS);
	if (!(ms >= 1))
		return 1;
	return ms < (double)LONGEST_MS ? (int64_t)ms : LONGEST_MS;
}

int64_t estimate_transfer_ms(
	const struct estimate *estimate, const struct profile *profile, uint64_t bytes)
{
	double rate = UNKNOWN_RATE_BYTES_S;
	if (profile->has_link_rate && profile->link_bytes_per_s > 0)
		rate = (double)profile->link_bytes_per_s;
	else if (estimate->n_transfers > 0)
		rate = exp(estimate->mean_log_rate -
			   NINTH_DECILE * deviation(estimate->n_transfers, estimate->m2_log_rate));
	return bounded_ms((double)bytes / rate);
}

int64_t estimate_install_ms(const struct estimate *estimate, const struct profile *profile)
{
	if (profile->has_install && profile->install_s > 0)
		return bounded_ms((double)profile->install_s);
	if (estimate->n_installs == 0)
		return bounded_ms(UNKNOWN_INSTALL_S);
	return bounded_ms(
		exp(estimate->mean_log_install +
			NINTH_DECILE * deviation(estimate->n_installs, estimate->m2_log_install)));
}
