/* Whatever bytes come as a roster, it is read or refused; and what was read can be asked. */
#include "locate/roster.h"

#include "base/clock.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lh_findings findings = {0};
    struct lh_roster *roster = NULL;
    const int code = lh_roster_parse((const char *)data, size, 480, &findings, &roster);
    if ((code == LH_OK) != (roster != NULL) || (code == LH_ECONFIG) != (findings.count > 0))
        abort();
    for (unsigned role = 0; roster && role < LH_ROLES; role++) {
        size_t duties[2];
        bool known;
        const size_t count =
            lh_roster_on_duty(roster, "141122104201", (enum lh_role)role,
                              INT64_C(1795478400) * LH_SECOND_US, duties, 2, &known);
        if (count > 2 || (count > 0 && !known))
            abort();
    }
    lh_roster_destroy(&roster);
    lh_findings_finish(&findings);
    return 0;
}
