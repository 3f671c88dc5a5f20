/* SPDX-License-Identifier: Apache-2.0 */
/* suitctl manifest show: what an envelope says, before anybody trusts it. */
#include <stdio.h>
#include <stdlib.h>

#include "suit/manifest_json.h"
#include "tools/command_list.h"
#include "tools/envelope_file.h"

static void print_images(const json_t *images)
{
	size_t i;
	json_t *image;
	json_array_foreach((json_t *)images, i, image)
	{
		const char *uri = json_string_value(json_object_get(image, "uri"));
		const char *digest = json_string_value(json_object_get(image, "digest"));
		const json_t *size = json_object_get(image, "size");
		printf("image        %s", json_string_value(json_object_get(image, "component")));
		if (json_is_integer(size))
			printf("  %" JSON_INTEGER_FORMAT " bytes", json_integer_value(size));
		printf("\n             %s\n", digest != NULL ? digest : "no digest");
		if (uri != NULL)
			printf("             %s\n", uri);
	}
}

static void print_list(const char *label, const json_t *list, const char *member)
{
	size_t i;
	json_t *item;
	json_array_foreach((json_t *)list, i, item)
	{
		const json_t *text = member != NULL ? json_object_get(item, member) : item;
		printf("%-12s %s\n", label, json_is_string(text) ? json_string_value(text) : "?");
	}
}

static void print_scalar(const char *label, const json_t *value)
{
	if (value == NULL || json_is_null(value))
		return;
	if (json_is_string(value)) {
		printf("%-12s %s\n", label, json_string_value(value));
		return;
	}
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	printf("%-12s %s\n", label, text);
	free(text);
}

static void print_summary(const json_t *shown, const char *version)
{
	printf("%-12s %s\n", "manifest", json_string_value(json_object_get(shown, "digest")));
	print_scalar("sequence", json_object_get(shown, "sequence_number"));
	if (*version != '\0')
		printf("%-12s %s\n", "version", version);
	print_list("signed", json_object_get(shown, "authentication"), "alg");
	print_list("vendor", json_object_get(shown, "vendor_ids"), NULL);
	print_list("class", json_object_get(shown, "class_ids"), NULL);
	print_images(json_object_get(shown, "images"));
	print_scalar("priority", json_object_get(shown, "update_priority"));
	print_scalar("use before", json_object_get(shown, "use_before"));
	print_scalar("reference", json_object_get(shown, "reference_uri"));
}

static enum su_status show(struct cli *cli, struct su_error *err)
{
	struct envelope envelope;
	struct survey survey;
	SU_TRY(envelope_file_read(cli->arena, cli->arguments[0], true, &envelope, err));
	SU_TRY(survey_manifest(cli->arena, &envelope.manifest, &survey, err));
	json_t *shown = manifest_json(cli->arena, &envelope, &survey);
	if (cli_flag(cli, "json")) {
		json_dumpf(shown, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		print_summary(shown, version_format(cli->arena, &envelope.manifest.set_version));
	}
	json_decref(shown);
	return SU_OK;
}

const struct cli_command cmd_manifest_show = {
	.words = "manifest show",
	.arguments = "FILE",
	.summary = "Show what an envelope holds; nothing is verified but its form",
	.min_arguments = 1,
	.max_arguments = 1,
	.options = {
		{ "json", NULL, "everything, as JSON" },
		{ NULL, NULL, NULL },
	},
	.run = show,
};
