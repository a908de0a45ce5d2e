#include "base/option_print.h"

#include <string.h>

/* What is being written: JSON with two blanks a level. */
struct schema {
    FILE *out;
    int depth;
    bool first; /* nothing stands in the open object or list yet */
};

static void put_string(FILE *out, const char *text)
{
    (void)fputc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            (void)fputc('\\', out);
        (void)fputc(*text, out);
    }
    (void)fputc('"', out);
}

/* Begins the next member: comma, line, indentation, key. */
static void put_key(struct schema *schema, const char *key)
{
    (void)fprintf(schema->out, "%s\n%*s", schema->first ? "" : ",", 2 * schema->depth, "");
    put_string(schema->out, key);
    (void)fputs(": ", schema->out);
    schema->first = false;
}

static void open_object(struct schema *schema, const char *key)
{
    put_key(schema, key);
    (void)fputc('{', schema->out);
    schema->depth++;
    schema->first = true;
}

static void close_object(struct schema *schema)
{
    schema->depth--;
    (void)fprintf(schema->out, "\n%*s}", 2 * schema->depth, "");
    schema->first = false;
}

static void put_text(struct schema *schema, const char *key, const char *text)
{
    put_key(schema, key);
    put_string(schema->out, text);
}

static void put_raw(struct schema *schema, const char *key, const char *json)
{
    put_key(schema, key);
    (void)fputs(json, schema->out);
}

static void put_number(struct schema *schema, const char *key, double number)
{
    put_key(schema, key);
    (void)fprintf(schema->out, "%.10g", number);
}

static void put_words(struct schema *schema, const char *words)
{
    put_key(schema, "enum");
    (void)fputc('[', schema->out);
    while (*words) {
        const size_t length = strcspn(words, "|");
        (void)fprintf(schema->out, "\"%.*s\"%s", (int)length, words,
                      words[length] == '|' ? ", " : "");
        words += length + (words[length] == '|');
    }
    (void)fputc(']', schema->out);
}

/* Texts may be written without quotes, and then YAML readers see numbers or truth in some. */
#define ANY_SCALAR "[\"string\", \"number\", \"boolean\"]"

#define NAME_PATTERN "^[A-Za-z0-9._-]{1,64}$"
#define URL_PATTERN                                                                                \
    "^((rtsps?|https?(\\+(mjpeg|still))?)://[^/?#@ ]+([/?#][^ ]*)?|[^:/~][^:/]*(/.*)?|/.*)$"
#define ENDPOINT_PATTERN "^(tcp://[^/?#@ ]+:([0-9]{1,5}|\\*)|ipc://[/@].+)$"

static void put_range(struct schema *schema, const struct lh_option *option)
{
    put_number(schema, "minimum", option->minimum);
    put_number(schema, "maximum", option->maximum);
}

static void put_entries(struct schema *schema, const struct lh_option *option)
{
    put_raw(schema, "type", "\"array\"");
    put_number(schema, "minItems", option->minimum);
    put_number(schema, "maxItems", option->maximum);
}

static void put_name(struct schema *schema)
{
    put_raw(schema, "type", ANY_SCALAR);
    put_text(schema, "pattern", NAME_PATTERN);
}

static void put_points(struct schema *schema, const struct lh_option *option)
{
    put_entries(schema, option);
    open_object(schema, "items");
    put_entries(schema, &(struct lh_option){.minimum = 2, .maximum = 2});
    put_raw(schema, "items", "{\"type\": \"number\", \"minimum\": 0, \"maximum\": 1}");
    close_object(schema);
}

static void put_type(struct schema *schema, const struct lh_option *option)
{
    switch (option->type) {
    case LH_OPTION_TEXT:
        put_raw(schema, "type", ANY_SCALAR);
        put_number(schema, "maxLength", option->maximum);
        break;
    case LH_OPTION_NAME:
        put_name(schema);
        break;
    case LH_OPTION_AREA_CODE:
        put_raw(schema, "type", "[\"string\", \"integer\"]");
        put_text(schema, "pattern", "^([0-9]{6}|[0-9]{9}|[0-9]{12})$");
        put_raw(schema, "maximum", "999999999999");
        break;
    case LH_OPTION_SWITCH:
        put_text(schema, "type", "boolean");
        break;
    case LH_OPTION_WHOLE:
    case LH_OPTION_PIXELS:
        put_text(schema, "type", "integer");
        put_range(schema, option);
        break;
    case LH_OPTION_NUMBER:
        put_text(schema, "type", "number");
        put_range(schema, option);
        break;
    case LH_OPTION_WORD:
        put_words(schema, option->words);
        break;
    case LH_OPTION_URL:
        put_text(schema, "type", "string");
        put_text(schema, "pattern", URL_PATTERN);
        break;
    case LH_OPTION_ENDPOINT:
        put_text(schema, "type", "string");
        put_text(schema, "pattern", ENDPOINT_PATTERN);
        break;
    case LH_OPTION_NAMES:
        put_entries(schema, option);
        put_raw(schema, "uniqueItems", "true");
        open_object(schema, "items");
        put_name(schema);
        close_object(schema);
        break;
    case LH_OPTION_PATHS:
        put_entries(schema, option);
        put_raw(schema, "items", "{\"type\": \"string\", \"minLength\": 1}");
        break;
    case LH_OPTION_POINTS:
        put_points(schema, option);
        break;
    case LH_OPTION_SETTINGS:
        put_raw(schema, "type", "[\"object\", \"null\"]");
        put_raw(schema, "additionalProperties", "{\"type\": " ANY_SCALAR "}");
        break;
    default:
        put_text(schema, "type", "string");
        break;
    }
}

static void put_default(struct schema *schema, const struct lh_option *option)
{
    switch (option->type) {
    case LH_OPTION_SWITCH:
    case LH_OPTION_WHOLE:
    case LH_OPTION_PIXELS:
    case LH_OPTION_NUMBER:
    case LH_OPTION_PATHS:
    case LH_OPTION_SETTINGS:
        put_raw(schema, "default", option->fallback);
        break;
    case LH_OPTION_NAMES:
        break;
    default:
        if (option->fallback[0] != '\0')
            put_text(schema, "default", option->fallback);
        break;
    }
}

static void put_object(struct schema *schema, const struct lh_option_table *table);

static void put_option(struct schema *schema, const struct lh_option *option)
{
    open_object(schema, option->name);
    put_text(schema, "description", option->help);
    if (option->type == LH_OPTION_LIST) {
        put_entries(schema, option);
        open_object(schema, "items");
        put_object(schema, option->table);
        close_object(schema);
    } else if (option->type == LH_OPTION_MAP) {
        put_raw(schema, "type", "[\"object\", \"null\"]");
        put_raw(schema, "propertyNames", "{\"pattern\": \"" NAME_PATTERN "\"}");
        open_object(schema, "additionalProperties");
        put_object(schema, option->table);
        close_object(schema);
    } else if (option->type == LH_OPTION_GROUP) {
        put_object(schema, option->table);
    } else {
        put_type(schema, option);
        if (option->fallback && !(option->flags & LH_OPTION_OPEN))
            put_default(schema, option);
    }
    close_object(schema);
}

static void put_properties(struct schema *schema, const struct lh_option_table *table)
{
    open_object(schema, "properties");
    for (; table; table = table->base) {
        for (size_t i = 0; i < table->count; i++)
            put_option(schema, &table->rows[i]);
    }
    close_object(schema);
}

static void put_required(struct schema *schema, const struct lh_option_table *table)
{
    bool any = false;
    for (; table; table = table->base) {
        for (size_t i = 0; i < table->count; i++) {
            if (table->rows[i].fallback)
                continue;
            if (!any)
                put_key(schema, "required");
            (void)fputs(any ? ", " : "[", schema->out);
            put_string(schema->out, table->rows[i].name);
            any = true;
        }
    }
    if (any)
        (void)fputc(']', schema->out);
}

static bool needs_keys(const struct lh_option_table *table)
{
    for (; table; table = table->base) {
        for (size_t i = 0; i < table->count; i++) {
            if (!table->rows[i].fallback)
                return true;
        }
    }
    return false;
}

/* A section with nothing under it is null to YAML and empty to us. */
static void put_object(struct schema *schema, const struct lh_option_table *table)
{
    put_raw(schema, "type", needs_keys(table) ? "\"object\"" : "[\"object\", \"null\"]");
    put_raw(schema, "additionalProperties", "false");
    put_required(schema, table);
    put_properties(schema, table);
}

int lh_site_write_schema(FILE *out)
{
    struct schema schema = {.out = out, .depth = 1, .first = true};
    (void)fputc('{', out);
    put_text(&schema, "$schema", "https://json-schema.org/draft/2020-12/schema");
    put_text(&schema, "title", "A site file of linhuo");
    put_text(
        &schema, "description",
        "Printed by 'linhuo sample-config --schema'. It finds misspelt keys, wrong types and "
        "ranges while a file is written; 'linhuo check' also finds what does not fit together");
    put_raw(&schema, "type", "\"object\"");
    put_raw(&schema, "additionalProperties", "false");
    put_properties(&schema, lh_site_options());
    (void)fputs("\n}\n", out);
    return lh_option_flush(out);
}
