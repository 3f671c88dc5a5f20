/* SPDX-License-Identifier: Apache-2.0 */
/* libc has no wrapper for the call, nor its structure. */
#include "base/short_slices.h"

#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SLICE_NS 100000 /* the shortest that the kernel grants */

/* The first version of struct sched_attr; the policy is 0, which is the normal one. */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime_ns, deadline_ns, period_ns;
};

static int32_t keep_nice(pid_t thread)
{
	struct attributes found = { 0 };
	return syscall(SYS_sched_getattr, thread, &found, sizeof(found), 0) == 0 ? found.nice : 0;
}

void su_short_slices_ask(void)
{
	const struct attributes wanted = {
		.size = sizeof(wanted),
		.nice = keep_nice(0),
		.runtime_ns = SLICE_NS,
	};
	(void)!syscall(SYS_sched_setattr, 0, &wanted, 0);
}
