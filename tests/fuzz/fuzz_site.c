/* Any bytes as a site file. What loads must be whole; what does not must say why. */
#include "base/option.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void look_at(const struct lh_site *site)
{
    for (size_t i = 0; i < site->camera_count; i++) {
        const struct lh_camera_config *camera = &site->cameras[i];
        char *url = NULL;
        char *redacted = lh_url_redact(camera->url);
        require(redacted != NULL);
        require(lh_camera_url(camera, &url) == LH_OK);
        require(lh_site_camera(site, camera->id) == camera);
        require(camera->id[0] != '\0' && camera->name[0] != '\0' && camera->url[0] != '\0');
        require(camera->detector_count > 0);
        require(camera->reconnect_min_s <= camera->reconnect_max_s);
        require(lh_camera_config_equal(camera, camera));
        for (size_t j = 0; j < camera->mask_count; j++)
            require(camera->masks[j].point_count >= 3);
        free(redacted);
        lh_url_destroy(&url);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lh_findings findings = {0};
    struct lh_site *site = NULL;
    const int code =
        lh_site_parse("/nowhere/site.yaml", (const char *)data, size, &findings, &site);
    require((code == LH_OK) == (site != NULL));
    require(code == LH_OK || (code == LH_ECONFIG && findings.count > 0));
    for (size_t i = 0; i < findings.count; i++) {
        require(findings.items[i].place.line > 0 && findings.items[i].place.column > 0);
        require(findings.items[i].text[0] != '\0');
    }
    if (site)
        look_at(site);
    lh_site_destroy(&site);
    lh_findings_finish(&findings);
    return 0;
}
