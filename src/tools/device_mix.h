/* SPDX-License-Identifier: Apache-2.0 */
/* What kinds of devices a fleet is made of: "sleepy=20,no=10,revert=3", repeatable for a seed. */
#pragma once

#include "tools/device_agent.h"

enum device_kind {
	KIND_SLEEPY,   /* queue mode */
	KIND_LATER,    /* answers offers "at" in an hour */
	KIND_NO,       /* answers "no" */
	KIND_SILENT,   /* does not answer */
	KIND_NONSENSE, /* answers what cannot be read */
	KIND_REVERT,   /* comes back with the old image */
	KIND_VANISH,   /* is not heard of any more while it installs */
	KIND_OTHER,    /* reports another digest */
};
#define DEVICE_KIND_COUNT (KIND_OTHER + 1)
extern const struct name_row device_kind_names[];

/* Percent of the fleet for each kind; the rest is as the options have it. */
struct device_mix {
	unsigned percent[DEVICE_KIND_COUNT];
};

enum su_status device_mix_parse(
	const char *text, struct device_mix *out, struct su_error *err) SU_MUST_CHECK;
bool device_mix_is_empty(const struct device_mix *mix);
/* Makes of device the kind that it is, by its place in the fleet and the seed. */
void device_mix_apply(const struct device_mix *mix, uint64_t seed, unsigned index,
	struct device_agent_opts *device);
