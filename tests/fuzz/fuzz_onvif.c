/* Any bytes as a camera's answer to GetStatus. What is accepted must keep its promises. */
#include "locate/onvif.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lh_ptz_status status;
    struct lh_fault fault = {0};
    if (lh_onvif_parse_status((const char *)data, size, &fault, &status) != LH_OK) {
        require(fault.text[0] != '\0');
        return 0;
    }
    require(!isinf(status.pan) && !isinf(status.tilt) && !isinf(status.zoom));
    require(status.moving >= LH_MOVING_UNKNOWN && status.moving <= LH_MOVING_YES);
    return 0;
}
