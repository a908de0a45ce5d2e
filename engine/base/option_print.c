#include "base/option_print.h"

#include <string.h>

#define SAMPLE_WIDTH 96

bool lh_option_holds_structs(const struct lh_option *option)
{
    return option->type == LH_OPTION_GROUP || option->type == LH_OPTION_LIST ||
           option->type == LH_OPTION_MAP;
}

const char *lh_option_default_text(const struct lh_option *option)
{
    return option->fallback && option->fallback[0] == '\0' ? "\"\"" : option->fallback;
}

int lh_option_flush(FILE *out)
{
    return fflush(out) != 0 || ferror(out) ? LH_EIO : LH_OK;
}

/* "tcp|udp|auto" as "tcp, udp or auto". */
static void describe_words(const char *words, char text[LH_OPTION_WORDS])
{
    size_t length = 0;
    text[0] = '\0';
    while (*words && length + 1 < LH_OPTION_WORDS) {
        const size_t word_length = strcspn(words, "|");
        const char *rest = words + word_length + (words[word_length] == '|');
        const char *after = *rest == '\0' ? "" : strchr(rest, '|') ? ", " : " or ";
        const int wrote = snprintf(text + length, LH_OPTION_WORDS - length, "%.*s%s",
                                   (int)word_length, words, after);
        length += wrote > 0 ? (size_t)wrote : 0;
        words = rest;
    }
}

static const char *type_name(enum lh_option_type type)
{
    static const char *const names[] = {
        [LH_OPTION_TEXT] = "text",
        [LH_OPTION_NAME] = "name",
        [LH_OPTION_AREA_CODE] = "6, 9 or 12 digits",
        [LH_OPTION_SWITCH] = "true or false",
        [LH_OPTION_WHOLE] = "whole number",
        [LH_OPTION_PIXELS] = "whole number",
        [LH_OPTION_NUMBER] = "number",
        [LH_OPTION_WORD] = "word",
        [LH_OPTION_PATH] = "path",
        [LH_OPTION_FILE] = "path of a file",
        [LH_OPTION_PLUGIN] = "name or path",
        [LH_OPTION_URL] = "URL or path",
        [LH_OPTION_ENDPOINT] = "ZeroMQ endpoint, tcp or ipc",
        [LH_OPTION_TIME_PATTERN] = "strptime pattern",
        [LH_OPTION_CREDENTIALS] = "path of a file",
        [LH_OPTION_NAMES] = "list of names",
        [LH_OPTION_PATHS] = "list of paths",
        [LH_OPTION_POINTS] = "list of [x, y], each 0 to 1",
        [LH_OPTION_SETTINGS] = "mapping",
        [LH_OPTION_GROUP] = "section",
        [LH_OPTION_LIST] = "list",
        [LH_OPTION_MAP] = "mapping",
    };
    return names[type];
}

const char *lh_option_describe(const struct lh_option *option, char words[LH_OPTION_WORDS])
{
    switch (option->type) {
    case LH_OPTION_WORD:
        describe_words(option->words, words);
        break;
    case LH_OPTION_WHOLE:
    case LH_OPTION_PIXELS:
    case LH_OPTION_NUMBER:
        (void)snprintf(words, LH_OPTION_WORDS, "%s, %.10g to %.10g%s%s", type_name(option->type),
                       option->minimum, option->maximum, option->unit ? " " : "",
                       option->unit ? option->unit : "");
        break;
    default:
        (void)snprintf(words, LH_OPTION_WORDS, "%s", type_name(option->type));
        break;
    }
    return words;
}

/* ---- the sample ---- */

struct sample {
    FILE *out;
    int indent;
    bool commented; /* lines are written behind a '#' in the first column */
    bool dash;      /* the next line begins an entry of a list */
};

static void put_comment(const struct sample *sample, const char *text, const char *facts)
{
    const size_t width = SAMPLE_WIDTH - (size_t)sample->indent - 2;
    size_t length;
    while ((length = strlen(text)) > width) {
        length = width;
        while (length > 0 && text[length] != ' ')
            length--;
        (void)fprintf(sample->out, "%*s# %.*s\n", sample->indent, "", (int)length, text);
        text += length + 1;
    }
    const bool together = length + strlen(facts) + 1 <= width;
    (void)fprintf(sample->out, "%*s# %s", sample->indent, "", text);
    if (facts[0] != '\0' && together)
        (void)fprintf(sample->out, " %s", facts);
    else if (facts[0] != '\0')
        (void)fprintf(sample->out, "\n%*s# %s", sample->indent, "", facts);
    (void)fputc('\n', sample->out);
}

static void put_line(struct sample *sample, bool commented, const char *key, const char *value)
{
    const int indent = sample->indent - (sample->dash ? 2 : 0);
    (void)fprintf(sample->out, "%s%*s%s%s:%s%s\n", commented ? "#" : "", indent, "",
                  sample->dash ? "- " : "", key, value[0] ? " " : "", value);
    sample->dash = false;
}

static void put_row(struct sample *sample, const struct lh_option *option)
{
    char facts[2 * LH_OPTION_WORDS];
    char words[LH_OPTION_WORDS];
    const char *fallback = lh_option_default_text(option);
    (void)lh_option_describe(option, words);
    if (!fallback)
        (void)snprintf(facts, sizeof facts, "(%s; must be given)", words);
    else if (option->fallback[0] == '\0')
        (void)snprintf(facts, sizeof facts, "(%s)", words);
    else
        (void)snprintf(facts, sizeof facts, "(%s; default %s)", words, fallback);
    put_comment(sample, option->help, facts);
    const bool shown = !option->fallback || (option->flags & LH_OPTION_SHOWN);
    put_line(sample, sample->commented || !shown, option->name,
             option->example ? option->example : fallback);
}

static void put_rows(struct sample *sample, const struct lh_option_table *table);

static void put_entry(struct sample *sample, const struct lh_option *option)
{
    const bool was_commented = sample->commented;
    put_comment(sample, option->help, "");
    sample->commented = was_commented || !(option->flags & LH_OPTION_SHOWN);
    put_line(sample, sample->commented, option->name, "");
    sample->indent += 4;
    sample->dash = true;
    put_rows(sample, option->table);
    sample->indent -= 4;
    sample->commented = was_commented;
}

static void put_group(struct sample *sample, const struct lh_option *option)
{
    const bool was_commented = sample->commented;
    put_comment(sample, option->help, "");
    sample->commented = was_commented || !(option->flags & LH_OPTION_SHOWN);
    put_line(sample, sample->commented, option->name, "");
    sample->indent += 2;
    put_rows(sample, option->table);
    sample->indent -= 2;
    sample->commented = was_commented;
}

static void put_rows(struct sample *sample, const struct lh_option_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->rows[i].type == LH_OPTION_LIST)
            put_entry(sample, &table->rows[i]);
        else if (table->rows[i].type == LH_OPTION_GROUP)
            put_group(sample, &table->rows[i]);
        else
            put_row(sample, &table->rows[i]);
    }
}

static void put_section(struct sample *sample, const struct lh_option *option)
{
    (void)fputc('\n', sample->out);
    if (option->type == LH_OPTION_LIST) {
        put_entry(sample, option);
    } else if (option->type == LH_OPTION_GROUP) {
        put_comment(sample, option->help, "");
        put_line(sample, false, option->name, "");
        sample->indent += 2;
        put_rows(sample, option->table);
        sample->indent -= 2;
    } else {
        put_comment(sample, option->help, "");
        put_line(sample, true, option->name, option->example);
    }
}

int lh_site_write_sample(FILE *out)
{
    struct sample sample = {.out = out};
    (void)fputs(
        "# A site file of linhuo, as 'linhuo sample-config' prints it: every option, its meaning,\n"
        "# its range and its default. Lines behind a '#' say the default, or show how a thing is\n"
        "# written: take the '#' away to change them. 'linhuo check FILE' names every mistake.\n"
        "#\n"
        "# Paths are taken from the folder of this file. Units stand in the names. A camera gets "
        "its\n"
        "# settings from itself, else from its group, else from camera_defaults, else from here.\n",
        out);
    const struct lh_option_table *root = lh_site_options();
    for (size_t i = 0; i < root->count; i++)
        put_section(&sample, &root->rows[i]);
    return lh_option_flush(out);
}

/* ---- the reference ---- */

static void put_cell(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '|' || *text == '<')
            (void)fputc('\\', out);
        (void)fputc(*text, out);
    }
}

static bool is_sentence(const struct lh_option *option)
{
    return lh_option_holds_structs(option) || (option->flags & LH_OPTION_OPEN);
}

static void put_table(FILE *out, const struct lh_option_table *table)
{
    (void)fputs("\n| key | type and range | default | meaning |\n|---|---|---|---|\n", out);
    for (size_t i = 0; i < table->count; i++) {
        const struct lh_option *option = &table->rows[i];
        char words[LH_OPTION_WORDS];
        const char *fallback = option->fallback;
        (void)fprintf(out, "| `%s` | ", option->name);
        put_cell(out, lh_option_describe(option, words));
        (void)fputs(" | ", out);
        if (!fallback)
            (void)fputs("must be given", out);
        else if (fallback[0] != '\0')
            (void)fprintf(out, is_sentence(option) ? "%s" : "`%s`", fallback);
        (void)fputs(" | ", out);
        put_cell(out, option->help);
        if (option->not_above)
            (void)fprintf(out, ". Not above `%s`", option->not_above);
        (void)fputs(" |\n", out);
    }
    for (size_t i = 0; i < table->count; i++) {
        const struct lh_option *option = &table->rows[i];
        if (option->type != LH_OPTION_LIST && option->type != LH_OPTION_GROUP)
            continue;
        (void)fprintf(out, "\n### %s`%s`\n", option->type == LH_OPTION_LIST ? "each of " : "",
                      option->name);
        put_table(out, option->table);
    }
}

int lh_site_write_reference(FILE *out)
{
    const struct lh_option_table *root = lh_site_options();
    (void)fputs(
        "# Every option of a site file\n\n"
        "Printed by `linhuo sample-config --reference` from the table that also drives the "
        "parser,\n"
        "the [sample](site.yaml) and the [JSON Schema](site.schema.json); do not edit it. Paths "
        "are\n"
        "taken from the folder of the site file. A name is 1 to 64 letters, digits, `.`, `_` or "
        "`-`.\n",
        out);
    for (size_t i = 0; i < root->count; i++) {
        const struct lh_option *option = &root->rows[i];
        (void)fprintf(out, "\n## %s\n\n%s.\n", option->name, option->help);
        if (option->type == LH_OPTION_MAP)
            (void)fprintf(out, "\n```yaml\n%s: %s\n```\n", option->name, option->example);
        else
            put_table(out, option->table);
    }
    return lh_option_flush(out);
}
