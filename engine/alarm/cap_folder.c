#include "alarm/cap.h"
#include "alarm/cap_identity.h"
#include "base/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libxml/parser.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct earlier {
    struct lh_cap_reference reference;
    unsigned long revision;
    bool cancel;
};

struct search {
    const char *folder;
    const struct lh_cap_identity *identity;
    struct earlier found[LH_CAP_REFERENCES_MOST]; /* by revision; the latest */
    size_t count;
};

static xmlNodePtr child_of(xmlNodePtr parent, const char *name)
{
    xmlNodePtr node = parent ? parent->children : NULL;
    while (node && (node->type != XML_ELEMENT_NODE || strcmp((const char *)node->name, name) != 0))
        node = node->next;
    return node;
}

static bool read_child(xmlNodePtr parent, const char *name, char *text, size_t size)
{
    xmlNodePtr node = child_of(parent, name);
    xmlChar *content = node ? xmlNodeGetContent(node) : NULL;
    const bool fits = content && strlen((const char *)content) < size;
    if (fits)
        (void)snprintf(text, size, "%s", (const char *)content);
    xmlFree(content);
    return fits;
}

/* False where it has expired by the time of the new one, or is none of ours. */
static bool read_document(const struct search *search, const char *name, struct earlier *earlier)
{
    char path[PATH_MAX];
    char expires[LH_CAP_TIME];
    char type[16];
    char identifier[LH_CAP_TEXT];
    int64_t sent_us;
    int64_t expires_us;
    (void)snprintf(earlier->reference.identifier, sizeof earlier->reference.identifier, "%s-r%lu",
                   search->identity->id, earlier->revision);
    if (snprintf(path, sizeof path, "%s/%s", search->folder, name) >= (int)sizeof path)
        return false;
    xmlDocPtr document =
        xmlReadFile(path, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    xmlNodePtr alert = document ? xmlDocGetRootElement(document) : NULL;
    const bool right =
        read_child(alert, "identifier", identifier, sizeof identifier) &&
        strcmp(identifier, earlier->reference.identifier) == 0 &&
        read_child(alert, "sent", earlier->reference.sent, sizeof earlier->reference.sent) &&
        lh_time_parse(earlier->reference.sent, &sent_us) == LH_OK &&
        read_child(alert, "msgType", type, sizeof type) &&
        read_child(child_of(alert, "info"), "expires", expires, sizeof expires) &&
        lh_time_parse(expires, &expires_us) == LH_OK && expires_us > search->identity->sent_us;
    earlier->cancel = right && strcmp(type, "Cancel") == 0;
    if (document)
        xmlFreeDoc(document);
    return right;
}

static void keep(struct search *search, const struct earlier *earlier)
{
    if (search->count == LH_CAP_REFERENCES_MOST) {
        if (earlier->revision < search->found[0].revision)
            return;
        memmove(search->found, search->found + 1, --search->count * sizeof search->found[0]);
    }
    size_t at = search->count++;
    for (; at > 0 && search->found[at - 1].revision > earlier->revision; at--)
        search->found[at] = search->found[at - 1];
    search->found[at] = *earlier;
}

/* The revision in "ID-rREVISION.xml"; 0: another file. */
static unsigned long revision_of(const struct search *search, const char *name)
{
    const size_t length = strlen(search->identity->id);
    char *end;
    if (strncmp(name, search->identity->id, length) != 0 || strncmp(name + length, "-r", 2) != 0)
        return 0;
    const unsigned long revision = strtoul(name + length + 2, &end, 10);
    return strcmp(end, ".xml") == 0 ? revision : 0;
}

static int find_earlier(struct search *search)
{
    DIR *folder = opendir(search->folder);
    if (!folder)
        return lh_error_from_errno(errno);
    for (struct dirent *entry; (entry = readdir(folder));) {
        struct earlier earlier = {.revision = revision_of(search, entry->d_name)};
        if (earlier.revision > 0 && earlier.revision < search->identity->revision &&
            read_document(search, entry->d_name, &earlier))
            keep(search, &earlier);
    }
    (void)closedir(folder);
    return LH_OK;
}

/* What was taken back holds no more: only what came after the last Cancel is named. */
static size_t take_references(const struct search *search,
                              struct lh_cap_reference references[LH_CAP_REFERENCES_MOST])
{
    size_t count = 0;
    for (size_t i = 0; i < search->count; i++) {
        references[count++] = search->found[i].reference;
        if (search->found[i].cancel)
            count = 0;
    }
    return count;
}

static int write_whole(int file, const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        const ssize_t written = write(file, text, left);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return lh_error_from_errno(errno);
        text += written;
        left -= (size_t)written;
    }
    return fsync(file) == 0 ? LH_OK : lh_error_from_errno(errno);
}

static int put_file(const char *path, const char *text)
{
    char unfinished[PATH_MAX];
    if (snprintf(unfinished, sizeof unfinished, "%s.part", path) >= (int)sizeof unfinished)
        return LH_ELIMIT;
    const int file = open(unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0)
        return lh_error_from_errno(errno);
    int code = write_whole(file, text);
    if (close(file) != 0 && code == LH_OK)
        code = lh_error_from_errno(errno);
    if (code == LH_OK && rename(unfinished, path) != 0)
        code = lh_error_from_errno(errno);
    if (code != LH_OK)
        (void)unlink(unfinished);
    return code;
}

int lh_cap_store(const char *folder, const json_t *alarm, const struct lh_cap_options *options,
                 struct lh_fault *fault)
{
    struct lh_cap_identity identity;
    struct lh_cap_reference references[LH_CAP_REFERENCES_MOST];
    char path[PATH_MAX];
    char *xml = NULL;
    int code = lh_cap_identify(alarm, &identity);
    if (code != LH_OK)
        return lh_fail(fault, code, "the message is no alarm of linhuo/alarm/2");
    if (snprintf(path, sizeof path, "%s/%s.xml", folder, identity.identifier) >= (int)sizeof path)
        return lh_fail(fault, LH_ELIMIT, "the folder's name is too long");
    if (access(path, F_OK) == 0)
        return LH_OK;
    struct search *search = calloc(1, sizeof *search);
    if (!search)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    search->folder = folder;
    search->identity = &identity;
    code = find_earlier(search);
    if (code == LH_OK)
        code = lh_cap_write(alarm, options, references, take_references(search, references), &xml);
    if (code == LH_OK)
        code = put_file(path, xml);
    free(xml);
    free(search);
    return code == LH_OK
               ? LH_OK
               : lh_fail(fault, code, "%.300s cannot be written: %s", path, lh_strerror(code));
}
