/* SPDX-License-Identifier: Apache-2.0 */
/* A small pool of threads for what may block: the database, disks, hashes over large images. */
#pragma once

#include <stddef.h>

#include "base/loop.h"
#include "base/status.h"

struct su_work;

/* Called once in each thread; the pointer it returns is handed to every job of that thread. */
struct su_work_hooks {
	void *(*thread_start)(void *arg);
	void (*thread_stop)(void *arg, void *thread_context);
	void *arg;
};

/* A job owns its data. run executes on a worker thread, then done on the loop's thread. */
struct su_job {
	void (*run)(void *arg, void *thread_context);
	void (*done)(void *arg);
	void *arg;
};

struct su_work *su_work_new(struct su_loop *loop, unsigned threads, size_t max_queued,
	const struct su_work_hooks *hooks /* NULL: none */);
/* Runs what is queued, done functions included, and ends the threads; from now on all is SU_BUSY. */
void su_work_stop(struct su_work *work);
/* Stops it first. */
void su_work_free(struct su_work **work);

/* SU_BUSY when max_queued jobs already wait: then neither run nor done is called. Loop thread only. */
enum su_status su_work_submit(struct su_work *work, struct su_job job) SU_MUST_CHECK;
