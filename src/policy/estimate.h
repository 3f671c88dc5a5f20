/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a transfer and an installation will take, learned from past deployments of a device class:
 * running moments of the logarithm, so that links that differ by a factor of 100 are learned too.
 */
#pragma once

#include <stdint.h>

#include "model/profile.h"

/* Plain values, stored as they are. */
struct estimate {
	uint64_t n_transfers, n_installs;
	double mean_log_rate, m2_log_rate;       /* of bytes per second */
	double mean_log_install, m2_log_install; /* of seconds */
};
void estimate_add_transfer(struct estimate *estimate, uint64_t bytes, int64_t took_ms);
void estimate_add_install(struct estimate *estimate, int64_t took_ms);

/*
 * The same for what a fleet reports: an observation that is far off, such as a transfer in whose middle the
 * device slept, counts as three deviations at most once some are known, and old ones fade, so that
 * what changes for good is followed.
 */
void estimate_learn_transfer(struct estimate *estimate, uint64_t bytes, int64_t took_ms);
void estimate_learn_install(struct estimate *estimate, int64_t took_ms);

/* Long enough for most (about nine in ten) devices of the class; what the device itself says of its link
 * and installation goes before what the class taught. Never 0. */
int64_t estimate_transfer_ms(
	const struct estimate *estimate, const struct profile *profile, uint64_t bytes);
int64_t estimate_install_ms(const struct estimate *estimate, const struct profile *profile);
