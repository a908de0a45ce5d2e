#include "detect/plugin_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_PROGRAM_HEADERS 256

static const char *machine_name(unsigned machine, char text[32])
{
    switch (machine) {
    case EM_386:
        return "x86 (32 bit)";
    case EM_X86_64:
        return "x86-64";
    case EM_ARM:
        return "ARM (32 bit)";
    case EM_AARCH64:
        return "ARM64";
    case EM_RISCV:
        return "RISC-V";
    case EM_PPC64:
        return "PowerPC (64 bit)";
    case EM_S390:
        return "S/390";
    default:
        (void)snprintf(text, 32, "machine type %u", machine);
        return text;
    }
}

static bool read_exactly(int file, void *bytes, size_t length, off_t offset)
{
    size_t have = 0;
    while (have < length) {
        const ssize_t got = pread(file, (char *)bytes + have, length - have, offset + (off_t)have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        have += (size_t)got;
    }
    return true;
}

/* The header of the running program: what a plugin's must be like. */
static bool own_header(ElfW(Ehdr) * ret_header)
{
    const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    const bool done = read_exactly(file, ret_header, sizeof *ret_header, 0);
    (void)close(file);
    return done;
}

static int check_permissions(const char *path, const struct stat *status, struct lh_fault *fault)
{
    if (!S_ISREG(status->st_mode))
        return lh_fail(fault, LH_EPLUGIN, "%s: is no regular file; name the plugin's .so file",
                       path);
    if (status->st_mode & S_IWOTH)
        return lh_fail(fault, LH_EPERM,
                       "%s: anybody on this machine may write to it, so it is not trusted; "
                       "chmod o-w it",
                       path);
    char copy[PATH_MAX];
    struct stat folder;
    if (snprintf(copy, sizeof copy, "%s", path) >= (int)sizeof copy)
        return lh_fail(fault, LH_EINVAL, "%.100s...: the path is too long", path);
    if (stat(dirname(copy), &folder) != 0)
        return lh_fail(fault, lh_error_from_errno(errno), "%s: its folder cannot be read: %s", path,
                       strerror(errno));
    if ((folder.st_mode & S_IWOTH) && !(folder.st_mode & S_ISVTX))
        return lh_fail(fault, LH_EPERM,
                       "%s: anybody on this machine may replace it, so it is not trusted; "
                       "chmod o-w its folder",
                       path);
    return LH_OK;
}

static int check_machine(const char *path, const ElfW(Ehdr) * header, struct lh_fault *fault)
{
    ElfW(Ehdr) own;
    if (!own_header(&own))
        return LH_OK; /* the dynamic loader judges it, in its own words */
    if (header->e_ident[EI_CLASS] == own.e_ident[EI_CLASS] &&
        header->e_ident[EI_DATA] == own.e_ident[EI_DATA] && header->e_machine == own.e_machine)
        return LH_OK;
    unsigned machine = header->e_machine;
    if (header->e_ident[EI_DATA] != own.e_ident[EI_DATA])
        machine = (machine >> 8 | machine << 8) & 0xffff;
    char theirs[32];
    char ours[32];
    return lh_fail(fault, LH_EPLUGIN,
                   "%s: is built for %s, this machine is %s; build it on this machine", path,
                   machine_name(machine, theirs), machine_name(own.e_machine, ours));
}

static int refuse_cut(const char *path, struct lh_fault *fault)
{
    return lh_fail(fault, LH_EPLUGIN, "%s: is cut short; build or copy it again", path);
}

/* Mapping a segment that ends behind the file's end would be a SIGBUS, not an error. */
static int check_segments(const char *path, int file, uint64_t size, const ElfW(Ehdr) * header,
                          struct lh_fault *fault)
{
    if (header->e_phentsize != sizeof(ElfW(Phdr)) || header->e_phnum == 0 ||
        header->e_phnum > MAX_PROGRAM_HEADERS)
        return lh_fail(fault, LH_EPLUGIN, "%s: its ELF header is damaged; build it again", path);
    /* The section table comes last in a file; the loader does not read it, but it shows a cut. */
    if (header->e_shoff > size ||
        (uint64_t)header->e_shnum * header->e_shentsize > size - header->e_shoff)
        return refuse_cut(path, fault);
    for (unsigned i = 0; i < header->e_phnum; i++) {
        ElfW(Phdr) segment;
        const uint64_t offset = header->e_phoff + (uint64_t)i * sizeof segment;
        if (header->e_phoff > size || offset + sizeof segment > size ||
            !read_exactly(file, &segment, sizeof segment, (off_t)offset) ||
            segment.p_offset > size || segment.p_filesz > size - segment.p_offset)
            return refuse_cut(path, fault);
    }
    return LH_OK;
}

static int check_content(const char *path, int file, const struct stat *status,
                         struct lh_fault *fault)
{
    ElfW(Ehdr) header;
    if (!read_exactly(file, &header, sizeof header, 0) ||
        memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        return lh_fail(fault, LH_EPLUGIN,
                       "%s: is no shared object (ELF); compile it with cc -shared -fPIC", path);
    const int result = check_machine(path, &header, fault);
    if (result != LH_OK)
        return result;
    if (header.e_type != ET_DYN)
        return lh_fail(fault, LH_EPLUGIN,
                       "%s: is an object file or a program, no shared object; compile it with "
                       "cc -shared -fPIC",
                       path);
    return check_segments(path, file, (uint64_t)status->st_size, &header, fault);
}

int lh_plugin_file_check(const char *path, struct lh_fault *fault, struct lh_plugin_file *ret_file)
{
    struct stat status;
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0 && (errno == ENOENT || errno == ENOTDIR))
        return lh_fail(fault, LH_ENOTFOUND, "%s: there is no such file", path);
    if (file < 0)
        return lh_fail(fault, lh_error_from_errno(errno), "%s: cannot be read: %s", path,
                       strerror(errno));
    int result = LH_OK;
    if (fstat(file, &status) != 0)
        result = lh_fail(fault, lh_error_from_errno(errno), "%s: cannot be read: %s", path,
                         strerror(errno));
    if (result == LH_OK)
        result = check_permissions(path, &status, fault);
    if (result == LH_OK)
        result = check_content(path, file, &status, fault);
    (void)close(file);
    if (result == LH_OK)
        *ret_file = (struct lh_plugin_file){.device = status.st_dev, .inode = status.st_ino};
    return result;
}
