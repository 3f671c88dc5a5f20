/* SPDX-License-Identifier: Apache-2.0 */
/* xorshift64*: quick, and good enough to throw datagrams away. */
#include "load_fault.h"

static double next_share(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (double)(*state * UINT64_C(2685821657736338717) >> 11) / (double)(UINT64_C(1) << 53);
}

bool load_fault_is_on(const struct load_fault *fault)
{
	return fault->drop + fault->hold + fault->twice > 0;
}

enum load_fate load_fault_next(struct load_fault *fault)
{
	double share = next_share(&fault->state);
	if (share < fault->drop)
		return LOAD_DROP;
	if (share < fault->drop + fault->hold)
		return LOAD_HOLD;
	return share < fault->drop + fault->hold + fault->twice ? LOAD_TWICE : LOAD_PASS;
}
