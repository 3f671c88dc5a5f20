/* SPDX-License-Identifier: Apache-2.0 */
/* The manifest is put together in memory, an image in the staging folder. */
#include "tools/device_push.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/memory.h"
#include "suit/envelope.h"
#include "tools/image_file.h"
#include "tools/whole_file.h"

#define NAME_MAX_BYTES (2 * DIGEST_MAX_BYTES)

struct device_push {
	const struct device_state *state;
	char deployment[SU_UUID_TEXT_SIZE]; /* of the manifest */
	struct su_buf manifest;
	bool manifest_is_whole;
	char name[NAME_MAX_BYTES + 1]; /* of the image under way, or that came last */
	int fd;                        /* -1: no image is under way */
	uint64_t length;               /* of what is here of it */
};

struct device_push *device_push_new(const struct device_state *state)
{
	struct device_push *push = su_new(struct device_push);
	push->state = state;
	push->fd = -1;
	return push;
}

void device_push_free(struct device_push **push)
{
	if (*push == NULL)
		return;
	su_close_fd(&(*push)->fd);
	su_buf_free(&(*push)->manifest);
	free(*push);
	*push = NULL;
}

static bool refuse(struct link_answer *answer, enum link_code code, const char *text)
{
	answer->code = code;
	su_buf_printf(&answer->body, "%s", text);
	return false;
}

/* Whether the block is to be added to the length bytes that are here; else it is answered. */
static bool is_next(
	const struct link_call *call, uint64_t length, uint64_t limit, struct link_answer *answer)
{
	uint64_t end = call->offset + call->body.len;
	answer->code = call->more ? LINK_CONTINUE : LINK_CHANGED;
	if (end > limit) {
		answer->code = LINK_TOO_LARGE;
		return false;
	}
	if (call->offset == length)
		return true;
	if (end > length)
		return refuse(answer, LINK_INCOMPLETE, "a block is missing: begin anew");
	return false; /* once more: its answer was lost */
}

bool device_push_manifest(struct device_push *push, const struct link_call *call,
	const char *deployment, struct link_answer *answer)
{
	if (call->offset == 0) {
		su_buf_clear(&push->manifest);
		push->manifest_is_whole = false;
		snprintf(push->deployment, sizeof(push->deployment), "%s", deployment);
	}
	if (!is_next(call, push->manifest.len, DEVICE_PUSH_MANIFEST_MAX_BYTES, answer))
		return false;
	su_buf_append_span(&push->manifest, call->body);
	push->manifest_is_whole = !call->more;
	return push->manifest_is_whole;
}

struct su_span device_push_envelope(const struct device_push *push)
{
	return push->manifest_is_whole ? su_buf_span(&push->manifest) : SU_SPAN_EMPTY;
}

static bool read_name(const char *name, struct digest *out)
{
	static const enum digest_alg algs[] = { DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512 };
	size_t len = 0;
	*out = (struct digest){ 0 };
	if (strlen(name) > NAME_MAX_BYTES || su_hex_decode(su_span_str(name), out->bytes,
						     sizeof(out->bytes), &len, NULL) != SU_OK)
		return false;
	for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++)
		if (digest_alg_len(algs[i]) == len)
			out->alg = algs[i];
	out->len = (uint8_t)len;
	return out->alg != DIGEST_NONE;
}

static const char *part_path(struct su_arena *arena, const struct device_push *push)
{
	return device_state_path(arena, push->state, "staging/pushed.part");
}

static bool begin_image(struct device_push *push, const char *name)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	su_close_fd(&push->fd);
	push->fd = open(part_path(arena, push), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	push->length = 0;
	snprintf(push->name, sizeof(push->name), "%s", name);
	return push->fd >= 0;
}

/* An envelope goes by the digest of its manifest: so others name the dependency. */
static bool is_envelope_of(struct su_arena *arena, const char *path, const struct digest *wanted)
{
	const struct envelope_options options = { .allow_untagged = true };
	struct envelope envelope;
	struct su_span bytes;
	return whole_file_read(arena, path, DEVICE_PUSH_MANIFEST_MAX_BYTES, &bytes, NULL) ==
		       SU_OK &&
	       envelope_decode(arena, bytes, &options, &envelope, NULL) == SU_OK &&
	       digest_equal(&envelope.manifest_digest, wanted);
}

/* What is not the image that it is called goes: it comes again from its first block. */
static bool keep_image(
	struct device_push *push, const struct digest *wanted, struct link_answer *answer)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	const char *part = part_path(arena, push);
	struct digest digest;
	uint64_t size = 0;
	bool synced = fsync(push->fd) == 0;
	su_close_fd(&push->fd);
	if (!synced || image_file_digest(part, wanted->alg, &digest, &size, NULL) != SU_OK)
		return refuse(answer, LINK_CONFLICT, "the image could not be kept");
	if (!digest_equal(&digest, wanted) && !is_envelope_of(arena, part, wanted)) {
		unlink(part);
		push->name[0] = '\0';
		return refuse(answer, LINK_BAD, "the image has another digest");
	}
	if (rename(part, device_state_pushed_path(arena, push->state, wanted)) != 0)
		return refuse(answer, LINK_CONFLICT, "the image could not be kept");
	return true;
}

bool device_push_image(struct device_push *push, const struct link_call *call, const char *name,
	const char *deployment, struct link_answer *answer)
{
	struct digest wanted;
	if (!read_name(name, &wanted))
		return refuse(answer, LINK_BAD, "the path names no digest");
	if (!push->manifest_is_whole || strcmp(push->deployment, deployment) != 0)
		return refuse(answer, LINK_CONFLICT, "its manifest has not come before");
	if (call->offset == 0 && !begin_image(push, name))
		return refuse(answer, LINK_CONFLICT, "there is no room for the image");
	if (strcmp(push->name, name) != 0)
		return refuse(answer, LINK_INCOMPLETE, "another image is under way: begin anew");
	if (!is_next(call, push->length, DEVICE_PUSH_IMAGE_MAX_BYTES, answer))
		return false;
	if (pwrite(push->fd, call->body.data, call->body.len, (off_t)call->offset) !=
		(ssize_t)call->body.len)
		return refuse(answer, LINK_CONFLICT, "there is no room for the image");
	push->length += call->body.len;
	return call->more ? false : keep_image(push, &wanted, answer);
}
