/* SPDX-License-Identifier: Apache-2.0 */
/* suitctl publish: what a build pipeline does after a build: images first, then the manifest. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "tools/api_client.h"
#include "tools/command_list.h"
#include "tools/envelope_file.h"
#include "tools/image_file.h"
#include "tools/show.h"
#include "tools/whole_file.h"

/* What the server has already is not sent again. */
static enum su_status put_image(
	struct cli *cli, struct api_client *client, const char *file, struct su_error *err)
{
	struct digest digest;
	uint64_t size;
	char text[DIGEST_TEXT_SIZE];
	SU_TRY(image_file_digest(file, DIGEST_SHA256, &digest, &size, err));
	digest_format(&digest, text);
	const char *path = su_arena_printf(cli->arena, "/images/%s", text);
	bool there = api_call(client, "GET", path, NULL, NULL, NULL) == SU_OK;
	if (!there)
		SU_TRY(api_send_file(client, path, file, NULL, err));
	if (!cli_flag(cli, "json"))
		printf("%-24s %s  %llu bytes%s\n", "image", text, (unsigned long long)size,
			there ? ", there already" : "");
	return SU_OK;
}

/* The labels that were given, with what an option of its own says; NULL: none. */
static enum su_status read_labels(struct cli *cli, const char **out, struct su_error *err)
{
	json_error_t fault;
	*out = cli_value(cli, "labels");
	if (!cli_flag(cli, "all-or-nothing"))
		return SU_OK;
	json_t *labels =
		*out != NULL ? json_loads(*out, JSON_REJECT_DUPLICATES, &fault) : json_object();
	if (!json_is_object(labels)) {
		json_decref(labels);
		return su_fail(err, SU_INVALID, "labels", "must be a JSON object");
	}
	json_object_set_new(labels, "all_or_nothing", json_true());
	char *text = json_dumps(labels, JSON_COMPACT);
	*out = su_arena_strdup(cli->arena, text);
	free(text);
	json_decref(labels);
	return SU_OK;
}

static const char *manifest_path(struct cli *cli, const char *labels)
{
	const char *kind = cli_value(cli, "kind");
	const char *path = su_arena_printf(cli->arena, "/manifests?kind=%s",
		kind != NULL ? api_segment(cli->arena, kind) : "unspecified");
	if (labels == NULL)
		return path;
	return su_arena_printf(cli->arena, "%s&labels=%s", path, api_segment(cli->arena, labels));
}

static enum su_status publish(struct cli *cli, struct su_error *err)
{
	struct api_client *client su_auto(api_client_free) = NULL;
	struct su_span envelope;
	const char *labels;
	SU_TRY(read_labels(cli, &labels, err));
	SU_TRY(api_client_new(cli, &client, err));
	SU_TRY(whole_file_read(
		cli->arena, cli->arguments[0], ENVELOPE_FILE_MAX_BYTES, &envelope, err));
	const char *image;
	for (size_t i = 0; (image = cli_nth(cli, "image", i)) != NULL; i++)
		SU_TRY(put_image(cli, client, image, err));
	json_t *release = NULL;
	SU_TRY(api_send_bytes(client, "POST", manifest_path(cli, labels),
		"application/suit-envelope+cose", envelope, &release, err));
	show_object(cli, release);
	json_decref(release);
	return SU_OK;
}

const struct cli_command cmd_publish = {
	.words = "publish",
	.arguments = "MANIFEST",
	.summary = "Upload the images of a release, then its signed manifest",
	.min_arguments = 1,
	.max_arguments = 1,
	.options = {
		{ "image", "FILE", "an image that the manifest names; may be repeated" },
		{ "kind", "KIND", "security, bugfix, feature or configuration" },
		{ "labels", "JSON", "an object of labels for the policy" },
		{ "all-or-nothing", NULL,
			"no component shall run the release without the others" },
		SHOW_JSON_OPTION,
		{ NULL, NULL, NULL },
	},
	.run = publish,
};
