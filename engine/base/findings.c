#include "base/site.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FINDINGS_MAX 1000
#define TEXT_BYTES 600
#define NAME_BYTES_MAX 64

/* What a hostile file says is quoted in the text and printed on a terminal. */
static void tame(char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
    }
}

static bool make_room(struct lh_findings *findings)
{
    if (findings->count < findings->capacity)
        return true;
    if (findings->count >= FINDINGS_MAX)
        return false;
    const size_t capacity = findings->capacity == 0 ? 16 : findings->capacity * 2;
    struct lh_finding *items = realloc(findings->items, capacity * sizeof *items);
    if (!items)
        return false;
    findings->items = items;
    findings->capacity = capacity;
    return true;
}

void lh_findings_add(struct lh_findings *findings, struct lh_place place, const char *format, ...)
{
    char text[TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    tame(text);
    char *kept = findings->count < FINDINGS_MAX && make_room(findings) ? strdup(text) : NULL;
    if (!kept) {
        findings->cut++;
        return;
    }
    findings->items[findings->count++] = (struct lh_finding){.place = place, .text = kept};
}

void lh_findings_finish(struct lh_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        free(findings->items[i].text);
    free(findings->items);
    *findings = (struct lh_findings){0};
}

static bool is_later(struct lh_place a, struct lh_place b)
{
    return a.line != b.line ? a.line > b.line : a.column > b.column;
}

/* Insertion: stable, nearly sorted already, and there are at most FINDINGS_MAX. */
void lh_findings_sort(struct lh_findings *findings)
{
    for (size_t i = 1; i < findings->count; i++) {
        const struct lh_finding moved = findings->items[i];
        size_t at = i;
        for (; at > 0 && is_later(findings->items[at - 1].place, moved.place); at--)
            findings->items[at] = findings->items[at - 1];
        findings->items[at] = moved;
    }
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edits (insert, delete, replace, swap of neighbours) between two short words. */
static size_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t rows[3][NAME_BYTES_MAX + 1];
    size_t *before = rows[0];
    size_t *above = rows[1];
    size_t *current = rows[2];
    for (size_t j = 0; j <= b_length; j++)
        above[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        current[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            const size_t replaced = above[j - 1] + (a[i - 1] != b[j - 1]);
            current[j] = least(replaced, least(above[j], current[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                current[j] = least(current[j], before[j - 2] + 1);
        }
        size_t *reused = before;
        before = above;
        above = current;
        current = reused;
    }
    return above[b_length];
}

const char *lh_nearest_name(const char *written, const char *const *names, size_t count)
{
    const size_t length = strlen(written);
    if (length == 0 || length > NAME_BYTES_MAX)
        return NULL;
    const char *nearest = NULL;
    size_t limit = length / 3 > 1 ? length / 3 : 1;
    for (size_t i = 0; i < count; i++) {
        const size_t name_length = strlen(names[i]);
        if (name_length > NAME_BYTES_MAX || name_length == 0)
            continue;
        const size_t distance = edit_distance(written, length, names[i], name_length);
        if (distance < limit || (distance == limit && !nearest)) {
            nearest = names[i];
            limit = distance;
        }
    }
    return nearest;
}
