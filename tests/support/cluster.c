/* SPDX-License-Identifier: Apache-2.0 */
/* Drives the pg_cluster script; a file lock counts the programs that use the shared cluster. */
#include "cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINE_SIZE      512
#define MIN_ROOM_BYTES (512 * 1024 * 1024)

struct own_cluster {
	char folder[LINE_SIZE];
	char conninfo[LINE_SIZE];
};

/* One test program, one database: there is no other place to keep what atexit needs. */
static struct {
	char folder[LINE_SIZE];
	char conninfo[LINE_SIZE];
	int lock_fd;
	pid_t owner;
} shared;

/* Exit status of the program, or -1; out gets the first line that it prints. */
static int run(const char *const argv[], char *out, size_t size)
{
	int pipe_fds[2];
	char answer[LINE_SIZE] = "";
	size_t len = 0;
	if (pipe2(pipe_fds, O_CLOEXEC) != 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0) {
		dup2(pipe_fds[1], STDOUT_FILENO);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	close(pipe_fds[1]);
	for (ssize_t got; (got = read(pipe_fds[0], answer + len, sizeof(answer) - 1 - len)) > 0;)
		len += (size_t)got;
	close(pipe_fds[0]);
	answer[strcspn(answer, "\n")] = '\0';
	if (out)
		snprintf(out, size, "%s", answer);
	int status = -1;
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int run_script(const char *verb, const char *folder, char *out, size_t size)
{
	char script[LINE_SIZE];
	const char *srcdir = getenv("srcdir");
	snprintf(script, sizeof(script), "%s/tests/support/pg_cluster", srcdir ? srcdir : ".");
	/* Only start takes settings. Nothing here is to survive a failure of the machine. */
	const char *setting = strcmp(verb, "start") == 0  ? "fsync=off"
			      : strcmp(verb, "stop") == 0 ? "immediate"
							  : NULL;
	const char *const argv[] = { script, verb, folder, setting, NULL };
	return run(argv, out, size);
}

bool cluster_sql(const char *conninfo, const char *sql, char *out, unsigned size)
{
	const char *const argv[] = { "psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-d", conninfo, "-c",
		sql, NULL };
	return run(argv, out, size) == 0;
}

static bool has_room(const char *folder)
{
	struct statvfs space;
	return access(folder, W_OK | X_OK) == 0 && statvfs(folder, &space) == 0 &&
	       (uint64_t)space.f_bavail * space.f_frsize >= MIN_ROOM_BYTES;
}

/* Memory where there is enough: a cluster is some thousand files that live for seconds. */
static const char *base_folder(void)
{
	const char *base = getenv("TMPDIR");
	if (base && *base)
		return base;
	return has_room("/dev/shm") ? "/dev/shm" : "/tmp";
}

static void leave_shared(void)
{
	if (getpid() != shared.owner)
		return;
	if (flock(shared.lock_fd, LOCK_EX | LOCK_NB) == 0)
		run_script("remove", shared.folder, NULL, 0);
	close(shared.lock_fd);
}

/* The lock is shared while we use the cluster; starting and removing need it alone. */
static bool join_shared(char *conninfo, size_t size)
{
	char path[LINE_SIZE + 8];
	snprintf(shared.folder, sizeof(shared.folder), "%.400s/suitd-check-%u", base_folder(),
		(unsigned)getuid());
	snprintf(path, sizeof(path), "%s.lock", shared.folder);
	shared.lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (shared.lock_fd < 0)
		return false;
	for (;;) {
		flock(shared.lock_fd, LOCK_SH);
		if (run_script("conninfo", shared.folder, conninfo, size) == 0)
			break;
		/* Another may slip in while the lock is converted, and start or remove it. */
		flock(shared.lock_fd, LOCK_EX);
		if (run_script("start", shared.folder, conninfo, size) != 0) {
			close(shared.lock_fd); /* else the next try waits for us */
			return false;
		}
	}
	shared.owner = getpid();
	atexit(leave_shared);
	return true;
}

const char *cluster_database(void)
{
	char maintenance[LINE_SIZE];
	char sql[LINE_SIZE];
	if (shared.conninfo[0])
		return shared.conninfo;
	if (!join_shared(maintenance, sizeof(maintenance)))
		return NULL;
	snprintf(sql, sizeof(sql), "CREATE DATABASE check_%ld", (long)getpid());
	if (!cluster_sql(maintenance, sql, NULL, 0))
		return NULL;
	snprintf(shared.conninfo, sizeof(shared.conninfo), "%.400s dbname=check_%ld", maintenance,
		(long)getpid());
	return shared.conninfo;
}

struct own_cluster *own_cluster_new(void)
{
	struct own_cluster *cluster = calloc(1, sizeof(*cluster));
	if (!cluster)
		abort();
	snprintf(cluster->folder, sizeof(cluster->folder), "%.400s/suitd-check-own.XXXXXX",
		base_folder());
	if (!mkdtemp(cluster->folder) || !own_cluster_start(cluster))
		own_cluster_free(&cluster);
	return cluster;
}

const char *own_cluster_conninfo(const struct own_cluster *cluster)
{
	return cluster->conninfo;
}

bool own_cluster_start(struct own_cluster *cluster)
{
	return run_script("start", cluster->folder, cluster->conninfo, sizeof(cluster->conninfo)) ==
	       0;
}

void own_cluster_stop(struct own_cluster *cluster)
{
	run_script("stop", cluster->folder, NULL, 0);
}

void own_cluster_free(struct own_cluster **cluster)
{
	if (!*cluster)
		return;
	run_script("remove", (*cluster)->folder, NULL, 0);
	rmdir((*cluster)->folder); /* where the script could not run */
	free(*cluster);
	*cluster = NULL;
}
