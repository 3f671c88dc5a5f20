/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main program of every fuzz target. Without arguments it speaks TAP: it feeds each file of
 * the corpus to the target, then every truncation of it, then seeded mutations, the same ones in
 * each run. With arguments it is libFuzzer, if that is linked in.
 *
 * The input under test stands in <program>.input, which stays behind when the target crashes.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_INPUT_BYTES   (1024 * 1024)
#define MAX_TRUNCATIONS   2048
#define DEFAULT_MUTATIONS 8000
#define MAX_EDITS         4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	char *name;
	uint8_t *data;
	size_t len;
};

struct corpus {
	struct input *inputs;
	size_t len;
};

static void bail_out(const char *what, const char *which)
{
	printf("Bail out! %s %s: %s\n", what, which, strerror(errno));
	exit(99);
}

static char *join(const char *a, const char *between, const char *b)
{
	size_t size = strlen(a) + strlen(between) + strlen(b) + 1;
	char *text = malloc(size);
	if (!text)
		bail_out("no memory for", a);
	snprintf(text, size, "%s%s%s", a, between, b);
	return text;
}

/* splitmix64: small, and the same everywhere, unlike random(3). */
static uint64_t next_random(uint64_t *seed)
{
	uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static size_t below(uint64_t *seed, size_t bound)
{
	return bound ? (size_t)(next_random(seed) % bound) : 0;
}

static void read_input(const char *dir, struct input *input)
{
	struct stat st;
	char *path = join(dir, "/", input->name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0)
		bail_out("cannot open", path);
	if (st.st_size > MAX_INPUT_BYTES)
		bail_out("too large a corpus file", path);
	input->len = (size_t)st.st_size;
	input->data = malloc(input->len + 1);
	if (!input->data || read(fd, input->data, input->len) != (ssize_t)input->len)
		bail_out("cannot read", path);
	close(fd);
	free(path);
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static struct corpus read_corpus(const char *dir)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, is_visible, alphasort);
	if (n <= 0)
		bail_out("no corpus in", dir);
	struct corpus corpus = { calloc((size_t)n, sizeof(struct input)), (size_t)n };
	if (!corpus.inputs)
		bail_out("no memory for", dir);
	for (size_t i = 0; i < corpus.len; i++) {
		corpus.inputs[i].name = strdup(entries[i]->d_name);
		read_input(dir, &corpus.inputs[i]);
		free(entries[i]);
	}
	free(entries);
	return corpus;
}

static void free_corpus(struct corpus *corpus)
{
	for (size_t i = 0; i < corpus->len; i++) {
		free(corpus->inputs[i].name);
		free(corpus->inputs[i].data);
	}
	free(corpus->inputs);
}

/* A copy of exactly this size, so that sanitizers and valgrind see every byte read beyond it. */
static void feed(int crash_fd, const uint8_t *data, size_t len)
{
	if (pwrite(crash_fd, data, len, 0) != (ssize_t)len || ftruncate(crash_fd, (off_t)len) != 0)
		bail_out("cannot write", "the input file");
	uint8_t *copy = malloc(len ? len : 1);
	if (!copy)
		bail_out("no memory for", "an input");
	memcpy(copy, data, len);
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

static void feed_truncations(int crash_fd, const struct input *input)
{
	size_t step = input->len / MAX_TRUNCATIONS + 1;
	for (size_t len = 0; len < input->len; len += step)
		feed(crash_fd, input->data, len);
}

/* One change in place; data has room for twice its length and 16 bytes more. */
static size_t edit(uint64_t *seed, uint8_t *data, size_t len, const struct input *other)
{
	static const uint8_t edges[] = { 0x00, 0x01, 0x17, 0x18, 0x1b, 0x1f, 0x20, 0x3f, 0x40, 0x5f,
		0x7f, 0x80, 0x9b, 0x9f, 0xa0, 0xbb, 0xbf, 0xc0, 0xd8, 0xf6, 0xfb, 0xff };
	size_t at = below(seed, len);
	size_t count = 1 + below(seed, len - at < 16 ? len - at : 16);
	switch (below(seed, 6)) {
	case 0:
		data[at] ^= (uint8_t)(1U << below(seed, 8));
		return len;
	case 1:
		data[at] = edges[below(seed, sizeof(edges))];
		return len;
	case 2:
		data[at] = (uint8_t)next_random(seed);
		return len;
	case 3: /* take out */
		memmove(data + at, data + at + count, len - at - count);
		return len - count;
	case 4: /* double */
		memmove(data + at + count, data + at, len - at);
		return len + count;
	default: /* go on as another file does */
		if (other->len <= at)
			return len;
		memcpy(data + at, other->data + at, other->len - at < len ? other->len - at : len);
		return at + (other->len - at < len ? other->len - at : len);
	}
}

static void feed_mutations(
	int crash_fd, const struct corpus *corpus, size_t which, size_t n_mutations)
{
	const struct input *input = &corpus->inputs[which];
	size_t room = 2 * (input->len + MAX_EDITS * 16);
	uint8_t *data = malloc(room);
	uint64_t seed = which;
	if (!data)
		bail_out("no memory for", input->name);
	for (size_t i = 0; i < n_mutations; i++) {
		size_t len = input->len;
		memcpy(data, input->data, len);
		for (size_t edits = 1 + below(&seed, MAX_EDITS);
			edits > 0 && len > 0 && len <= input->len + (MAX_EDITS - 1) * 16; edits--)
			len = edit(&seed, data, len, &corpus->inputs[below(&seed, corpus->len)]);
		feed(crash_fd, data, len);
	}
	free(data);
}

static size_t mutations_per_input(const struct corpus *corpus)
{
	const char *wish = getenv("REPLAY_MUTATIONS");
	size_t total = wish ? strtoul(wish, NULL, 10) : DEFAULT_MUTATIONS;
	return (total + corpus->len - 1) / corpus->len;
}

static int replay(const char *program)
{
	const char *base = strrchr(program, '/') ? strrchr(program, '/') + 1 : program;
	const char *stem = strncmp(base, "fuzz_", 5) == 0 ? base + 5 : base;
	const char *srcdir = getenv("srcdir");
	char *dir = join(srcdir ? srcdir : ".", "/tests/fuzz/corpus/", stem);
	char *crash_path = join(program, ".", "input");
	struct corpus corpus = read_corpus(dir);
	int crash_fd = open(crash_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (crash_fd < 0)
		bail_out("cannot create", crash_path);

	printf("1..%zu\n", corpus.len);
	for (size_t i = 0; i < corpus.len; i++) {
		fflush(stdout);
		feed(crash_fd, corpus.inputs[i].data, corpus.inputs[i].len);
		feed_truncations(crash_fd, &corpus.inputs[i]);
		feed_mutations(crash_fd, &corpus, i, mutations_per_input(&corpus));
		printf("ok %zu - %s\n", i + 1, corpus.inputs[i].name);
	}
	close(crash_fd);
	unlink(crash_path);
	free(crash_path);
	free(dir);
	free_corpus(&corpus);
	return 0;
}

#ifdef WITH_FUZZER
int LLVMFuzzerRunDriver(
	int *argc, char ***argv, int (*one_input)(const uint8_t *data, size_t size));
#endif

int main(int argc, char **argv)
{
	if (argc == 1)
		return replay(argv[0]);
#ifdef WITH_FUZZER
	return LLVMFuzzerRunDriver(&argc, &argv, LLVMFuzzerTestOneInput);
#else
	fprintf(stderr, "%s: not linked with libFuzzer (configure CC=clang --with-fuzzer)\n",
		argv[0]);
	return 2;
#endif
}
