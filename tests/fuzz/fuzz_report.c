/* Any bytes as a ground report. What is accepted must be evidence that fusion can use. */
#include "fuse/report.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lh_report report;
    struct lh_fault fault = {0};
    if (lh_report_parse((const char *)data, size, &fault, &report) != LH_OK) {
        require(fault.text[0] != '\0');
        return 0;
    }
    struct lh_evidence evidence;
    lh_report_evidence(&report, false, 0, &evidence);
    require(lh_evidence_check(&evidence) == LH_OK);
    require((report.photo_size > 0) == (report.photo_type[0] != '\0'));
    lh_report_finish(&report);
    return 0;
}
