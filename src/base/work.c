/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that take jobs from one queue; finished jobs come back over an eventfd of the pool's own. */
#include "base/work.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/memory.h"

struct node {
	struct node *next;
	struct su_job job;
};

struct queue {
	struct node *first;
	struct node **end; /* where the next one is hung */
};

struct su_work {
	struct su_work_hooks hooks;
	size_t max_queued;
	int done_fd;
	struct su_watch *done_watch;
	unsigned n_threads;
	pthread_t *threads;
	pthread_mutex_t lock; /* guards everything below */
	pthread_cond_t changed;
	struct queue waiting, finished;
	size_t n_waiting;
	bool stopping;
};

static void queue_init(struct queue *queue)
{
	queue->first = NULL;
	queue->end = &queue->first;
}

static void queue_put(struct queue *queue, struct node *node)
{
	node->next = NULL;
	*queue->end = node;
	queue->end = &node->next;
}

static struct node *queue_take(struct queue *queue)
{
	struct node *node = queue->first;
	if (!node)
		return NULL;
	queue->first = node->next;
	if (!queue->first)
		queue->end = &queue->first;
	return node;
}

/* NULL when the pool stops and nothing waits any more. */
static struct node *wait_for_job(struct su_work *work)
{
	pthread_mutex_lock(&work->lock);
	while (!work->waiting.first && !work->stopping)
		pthread_cond_wait(&work->changed, &work->lock);
	struct node *node = queue_take(&work->waiting);
	if (node)
		work->n_waiting--;
	pthread_mutex_unlock(&work->lock);
	return node;
}

static void hand_back(struct su_work *work, struct node *node)
{
	const uint64_t one = 1;
	ssize_t written;
	pthread_mutex_lock(&work->lock);
	queue_put(&work->finished, node);
	pthread_mutex_unlock(&work->lock);
	do
		written = write(work->done_fd, &one, sizeof(one));
	while (written < 0 && errno == EINTR);
}

static void *thread_main(void *arg)
{
	struct su_work *work = arg;
	const struct su_work_hooks *hooks = &work->hooks;
	void *context = hooks->thread_start ? hooks->thread_start(hooks->arg) : NULL;
	for (struct node *node; (node = wait_for_job(work));) {
		node->job.run(node->job.arg, context);
		hand_back(work, node);
	}
	if (hooks->thread_stop)
		hooks->thread_stop(hooks->arg, context);
	return NULL;
}

static void finish_jobs(struct su_work *work)
{
	pthread_mutex_lock(&work->lock);
	struct node *node = work->finished.first;
	queue_init(&work->finished);
	pthread_mutex_unlock(&work->lock);

	for (struct node *next; node; node = next) {
		next = node->next;
		struct su_job job = node->job;
		free(node);
		job.done(job.arg);
	}
}

static void on_finished(int fd, unsigned events, void *arg)
{
	(void)events;
	uint64_t count;
	ssize_t ignored = read(fd, &count, sizeof(count));
	(void)ignored;
	finish_jobs(arg);
}

/* Signals are for the loop's thread: the workers inherit a mask that blocks them all. */
static void start_threads(struct su_work *work)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (unsigned i = 0; i < work->n_threads; i++)
		if (pthread_create(&work->threads[i], NULL, thread_main, work) != 0)
			abort();
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct su_work *su_work_new(struct su_loop *loop, unsigned threads, size_t max_queued,
	const struct su_work_hooks *hooks)
{
	struct su_work *work = su_new(struct su_work);
	if (hooks)
		work->hooks = *hooks;
	work->max_queued = max_queued;
	work->done_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (work->done_fd < 0)
		abort();
	work->done_watch = su_watch_new(loop, work->done_fd, SU_LOOP_READ, on_finished, work);
	queue_init(&work->waiting);
	queue_init(&work->finished);
	pthread_mutex_init(&work->lock, NULL);
	pthread_cond_init(&work->changed, NULL);
	work->n_threads = threads ? threads : 1;
	work->threads = su_new_array(work->n_threads, sizeof(*work->threads));
	start_threads(work);
	return work;
}

void su_work_stop(struct su_work *work)
{
	if (work->stopping)
		return;
	pthread_mutex_lock(&work->lock);
	work->stopping = true;
	pthread_cond_broadcast(&work->changed);
	pthread_mutex_unlock(&work->lock);
	for (unsigned i = 0; i < work->n_threads; i++)
		pthread_join(work->threads[i], NULL);
	finish_jobs(work);
}

void su_work_free(struct su_work **work)
{
	if (!work || !*work)
		return;
	struct su_work *w = *work;
	su_work_stop(w);
	su_watch_free(&w->done_watch);
	su_close_fd(&w->done_fd);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->changed);
	free(w->threads);
	free(w);
	*work = NULL;
}

enum su_status su_work_submit(struct su_work *work, struct su_job job)
{
	struct node *node = su_new(struct node);
	node->job = job;
	pthread_mutex_lock(&work->lock);
	bool accepted = work->n_waiting < work->max_queued && !work->stopping;
	if (accepted) {
		queue_put(&work->waiting, node);
		work->n_waiting++;
	}
	pthread_mutex_unlock(&work->lock);
	if (!accepted) {
		free(node);
		return SU_BUSY;
	}
	pthread_cond_signal(&work->changed); /* woken under the lock, it would only wait for that */
	return SU_OK;
}
