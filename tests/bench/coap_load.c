/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coap_load: a fleet of CoAP devices for measurements, in one process. Every answer is checked; what
 * it found is printed as JSON. See usage() for its modes.
 */
#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "load_run.h"

enum { CODE_TEXT_LEN = 4, MAX_PEERS = 1000000, CBOR = 60 };

static void usage(FILE *out)
{
	fputs("usage: coap_load poll|post|blocks --server ADDRESS:PORT [OPTION]...\n"
	      "  poll    GET of --path, each peer with ep=PREFIX and its number\n"
	      "  post    POST of --payload to --path, each peer with ep=PREFIX and its number\n"
	      "  blocks  GET of --path in blocks of 1,024 bytes, each peer the whole of --content\n"
	      "  --path PATH --prefix NAME     /suit/manifest, bench-\n"
	      "  --payload FILE                the body of a post (application/cbor)\n"
	      "  --other FILE                  the body of each peer's second, fourth... post\n"
	      "  --expect CODE[,CODE]...       right codes, 2.05 when left out\n"
	      "  --etag HEX                    sent with a poll, and checked\n"
	      "  --content FILE                what 2.05 carries\n"
	      "  --echo BYTES                  the server echoes, or answers with so many bytes\n"
	      "  --peers N --first N           how many devices (1), and the number of the first "
	      "(0)\n"
	      "  --ports N                     source ports; the rest are addresses (4)\n"
	      "  --outstanding N               requests under way (64)\n"
	      "  --seconds S | --once          how long (1), or until each device has had its "
	      "turn\n"
	      "  --per-second N                not more than this; as many as there are answers\n"
	      "  --loss P --reorder P --duplicate P --seed N\n"
	      "                                shares of datagrams for which the network is bad\n"
	      "  --ack-timeout S               before the first repetition (2)\n",
		out);
}

struct options {
	const char *mode, *server, *path, *prefix, *payload, *other, *expect, *etag, *content;
	double echo_bytes, n_peers, first_peer, n_ports, outstanding;
	double seconds, per_second, ack_timeout_s, loss, reorder, duplicate, seed;
	bool once;
};

/* Texts have no range. */
static const struct option_row {
	const char *name;
	size_t at;
	double least, most;
} rows[] = {
	{ "server", offsetof(struct options, server), 0, 0 },
	{ "path", offsetof(struct options, path), 0, 0 },
	{ "prefix", offsetof(struct options, prefix), 0, 0 },
	{ "payload", offsetof(struct options, payload), 0, 0 },
	{ "other", offsetof(struct options, other), 0, 0 },
	{ "expect", offsetof(struct options, expect), 0, 0 },
	{ "etag", offsetof(struct options, etag), 0, 0 },
	{ "content", offsetof(struct options, content), 0, 0 },
	{ "echo", offsetof(struct options, echo_bytes), 8, LOAD_DATAGRAM_BYTES },
	{ "peers", offsetof(struct options, n_peers), 1, MAX_PEERS },
	{ "first", offsetof(struct options, first_peer), 0, MAX_PEERS - 1 },
	{ "ports", offsetof(struct options, n_ports), 1, LOAD_MAX_PORTS },
	{ "outstanding", offsetof(struct options, outstanding), 1, LOAD_MAX_OUTSTANDING },
	{ "seconds", offsetof(struct options, seconds), 0.001, 86400 },
	{ "per-second", offsetof(struct options, per_second), 0.1, 1e7 },
	{ "loss", offsetof(struct options, loss), 0, 0.9 },
	{ "reorder", offsetof(struct options, reorder), 0, 0.9 },
	{ "duplicate", offsetof(struct options, duplicate), 0, 0.9 },
	{ "seed", offsetof(struct options, seed), 1, 1e15 },
	{ "ack-timeout", offsetof(struct options, ack_timeout_s), 0.01, 60 },
	{ "once", 0, 0, 0 },
	{ "help", 0, 0, 0 },
};
enum { N_ROWS = sizeof(rows) / sizeof(rows[0]) };

static double number(const char *name, const char *text, double least, double most)
{
	char *rest;
	double value = strtod(text, &rest);
	if (rest == text || *rest || !(value >= least && value <= most))
		errx(2, "--%s takes a number from %g to %g", name, least, most);
	return value;
}

static void set_option(struct options *options, const struct option_row *row, const char *value)
{
	char *at = (char *)options + row->at;
	if (row->most > 0)
		*(double *)(void *)at = number(row->name, value, row->least, row->most);
	else if (strcmp(row->name, "once") == 0)
		options->once = true;
	else if (strcmp(row->name, "help") == 0)
		usage(stdout), exit(0);
	else
		*(const char **)(void *)at = value;
}

static void parse_options(int argc, char **argv, struct options *options)
{
	struct option table[N_ROWS + 1] = { { 0 } };
	int found;
	for (size_t i = 0; i < N_ROWS; i++) {
		bool alone = rows[i].at == 0 && i >= N_ROWS - 2;
		table[i].name = rows[i].name;
		table[i].has_arg = alone ? no_argument : required_argument;
	}
	for (int which; (found = getopt_long(argc, argv, "", table, &which)) == 0;)
		set_option(options, &rows[which], optarg);
	if (found != -1 || optind + 1 != argc || !options->server) {
		usage(stderr);
		exit(2);
	}
	options->mode = argv[optind];
}

struct bytes {
	const uint8_t *data;
	size_t len;
};

/* Mapped until the end of the program. */
static struct bytes read_file(const char *path)
{
	struct stat about;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &about) != 0)
		err(2, "%s", path);
	void *data = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		err(2, "%s", path);
	close(fd);
	return (struct bytes){ data, (size_t)about.st_size };
}

/* "2.03,2.05" */
static void parse_codes(const char *text, uint8_t *codes, size_t size)
{
	for (size_t n = 0; n < size; n++) {
		unsigned class, detail;
		if (sscanf(text, "%1u.%2u", &class, &detail) != 2)
			break;
		codes[n] = (uint8_t)(class << 5 | detail);
		if (strlen(text) <= CODE_TEXT_LEN)
			return;
		text += CODE_TEXT_LEN + 1;
	}
	errx(2, "--expect takes codes like 2.05, at most %zu", size);
}

static size_t parse_etag(const char *text, uint8_t *out)
{
	size_t len = strlen(text) / 2;
	for (size_t i = 0; i < len && i < LOAD_ETAG_BYTES; i++) {
		unsigned byte;
		if (sscanf(text + 2 * i, "%2x", &byte) != 1)
			errx(2, "--etag takes hexadecimal digits");
		out[i] = (uint8_t)byte;
	}
	return len < LOAD_ETAG_BYTES ? len : LOAD_ETAG_BYTES;
}

static void set_expected(const struct options *options, struct load_task *task, uint8_t *etag)
{
	struct load_expected *expected = &task->expected;
	parse_codes(options->expect, expected->codes, sizeof(expected->codes));
	expected->echo_bytes = (size_t)options->echo_bytes;
	if (options->etag) {
		expected->etag = etag;
		expected->etag_len = parse_etag(options->etag, etag);
	}
	if (options->content) {
		struct bytes content = read_file(options->content);
		expected->content = content.data;
		expected->content_len = content.len;
	}
}

static bool add_payload(struct load_template *t, const char *path)
{
	struct bytes payload = read_file(path);
	return load_wire_payload(t, payload.data, payload.len);
}

static void set_request(const struct options *options, struct load_task *task)
{
	static const uint8_t format = CBOR;
	struct load_template *t = &task->request;
	bool is_post = strcmp(options->mode, "post") == 0;
	task->in_blocks = strcmp(options->mode, "blocks") == 0;
	if (!is_post && !task->in_blocks && strcmp(options->mode, "poll") != 0)
		errx(2, "there is no mode \"%s\"", options->mode);
	if (task->in_blocks && task->expected.content_len == 0)
		errx(2, "blocks needs --content");
	load_wire_begin(t, LOAD_CON, is_post ? LOAD_POST : LOAD_GET);
	bool fits = true;
	if (task->expected.etag_len > 0 && !task->in_blocks)
		fits = load_wire_option(
			t, LOAD_OPTION_ETAG, task->expected.etag, task->expected.etag_len);
	fits = fits && load_wire_path(t, options->path);
	if (is_post && options->payload)
		fits = fits && load_wire_option(t, LOAD_OPTION_FORMAT, &format, sizeof(format));
	if (!task->in_blocks)
		fits = fits && load_wire_endpoint(t, options->prefix);
	if (is_post && options->other) {
		task->other = *t;
		fits = fits && add_payload(&task->other, options->other);
	}
	if (is_post && options->payload)
		fits = fits && add_payload(t, options->payload);
	if (!fits)
		errx(2, "the request does not fit into a datagram");
}

static struct load_run run_of(const struct options *options, const struct load_task *task)
{
	uint32_t n_peers = (uint32_t)options->n_peers;
	unsigned n_ports = (unsigned)options->n_ports;
	if (n_ports > n_peers)
		n_ports = n_peers;
	return (struct load_run){
		.task = task,
		.sockets = load_socket_open(options->server, n_peers, n_ports),
		.n_peers = n_peers,
		.first_peer = (uint32_t)options->first_peer,
		.outstanding = (unsigned)options->outstanding,
		.duration_ns = options->once ? 0 : (int64_t)(options->seconds * 1e9),
		.per_second = options->per_second,
		.ack_timeout_ns = (int64_t)(options->ack_timeout_s * 1e9),
		.fault = { options->loss, options->reorder, options->duplicate,
			(uint64_t)options->seed },
	};
}

int main(int argc, char **argv)
{
	struct options options = {
		.path = "/suit/manifest",
		.prefix = "bench-",
		.expect = "2.05",
		.n_peers = 1,
		.n_ports = 4,
		.outstanding = 64,
		.seconds = 1,
		.ack_timeout_s = 2,
		.seed = 1,
	};
	struct load_task task = { 0 };
	uint8_t etag[LOAD_ETAG_BYTES];
	parse_options(argc, argv, &options);
	set_expected(&options, &task, etag);
	set_request(&options, &task);
	struct load_run run = run_of(&options, &task);
	load_run_start(&run);
	load_result_print(&run.result, options.mode, stdout);
	load_socket_free(&run.sockets);
	return 0;
}
