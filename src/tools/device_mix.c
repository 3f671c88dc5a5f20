/* SPDX-License-Identifier: Apache-2.0 */
/* A kind for each device of a fleet. */
#include "tools/device_mix.h"

#include <stdio.h>
#include <string.h>

const struct name_row device_kind_names[] = {
	{ KIND_SLEEPY, "sleepy" },
	{ KIND_LATER, "later" },
	{ KIND_NO, "no" },
	{ KIND_SILENT, "silent" },
	{ KIND_NONSENSE, "nonsense" },
	{ KIND_REVERT, "revert" },
	{ KIND_VANISH, "vanish" },
	{ KIND_OTHER, "other" },
	{ 0, NULL },
};

enum su_status device_mix_parse(const char *text, struct device_mix *out, struct su_error *err)
{
	unsigned total = 0;
	*out = (struct device_mix){ 0 };
	while (*text != '\0') {
		char word[16], end = ',';
		unsigned percent = 0;
		int kind = 0, used = 0;
		if (sscanf(text, "%15[a-z]=%3u%n%c", word, &percent, &used, &end) < 2 || end != ',')
			return su_fail(
				err, SU_INVALID, "mix", "must read like \"sleepy=20,no=10\"");
		SU_TRY(name_parse(device_kind_names, "mix", word, &kind, err));
		out->percent[kind] += percent;
		total += percent;
		text += used;
		text += *text == ',';
	}
	return total <= 100 ? SU_OK : su_fail(err, SU_INVALID, "mix", "is more than 100 percent");
}

bool device_mix_is_empty(const struct device_mix *mix)
{
	for (int kind = 0; kind < DEVICE_KIND_COUNT; kind++)
		if (mix->percent[kind] > 0)
			return false;
	return true;
}

/* Neighbours in a fleet have nothing to do with each other (splitmix64). */
static unsigned draw_percent(uint64_t seed, unsigned index)
{
	uint64_t z = seed + (index + UINT64_C(1)) * UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (unsigned)((z ^ z >> 31) % 100);
}

static void answer(struct device_agent_opts *device, enum device_says says)
{
	device->listens = true;
	device->script.says = says;
	device->script.after_s = 3600;
	device->told.profile.has_answers = device->told.profile.answers = true;
}

static void become(enum device_kind kind, struct device_agent_opts *device)
{
	switch (kind) {
	case KIND_SLEEPY:
		device->listens = true;
		device->told.profile.has_reachability = true;
		device->told.profile.reachability = REACH_QUEUE;
		break;
	case KIND_LATER:
		answer(device, SAYS_AT);
		break;
	case KIND_NO:
		answer(device, SAYS_NO);
		break;
	case KIND_SILENT:
		answer(device, SAYS_NOTHING);
		break;
	case KIND_NONSENSE:
		answer(device, SAYS_NONSENSE);
		break;
	case KIND_REVERT:
		device->come_back_old = true;
		break;
	case KIND_VANISH:
		device->falls_silent = true;
		device->silent_at = DEPLOYMENT_INSTALLING;
		break;
	case KIND_OTHER:
		device->report_other = true;
		break;
	}
}

void device_mix_apply(const struct device_mix *mix, uint64_t seed, unsigned index,
	struct device_agent_opts *device)
{
	unsigned drawn = draw_percent(seed, index), below = 0;
	for (int kind = 0; kind < DEVICE_KIND_COUNT; kind++) {
		below += mix->percent[kind];
		if (drawn < below) {
			become((enum device_kind)kind, device);
			return;
		}
	}
}
