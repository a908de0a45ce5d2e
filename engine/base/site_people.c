#include "base/credentials.h"
#include "base/option.h"

#include <string.h>

#define AT(member) .offset = offsetof(struct lh_person_config, member)

static const struct lh_option rows[] = {
    {.name = "name",
     .type = LH_OPTION_TEXT,
     AT(name),
     LH_ROW_RANGE(1, LH_PERSON_NAME - 1),
     .example = "ranger-12",
     .help = "Who it is; the same in every message that they send"},
    {.name = "key_file",
     .type = LH_OPTION_PATH,
     AT(key_file),
     .example = "secrets/ranger-12",
     .help = "A file of mode 0600 whose first line is the secret that proves it, 8 to 128 bytes: "
             "'openssl rand -hex 24' makes one. Its owner has a copy"},
    {.name = "reports",
     .type = LH_OPTION_SWITCH,
     AT(reports),
     .fallback = "true",
     .help = "Whether they may report fire, smoke, nothing here, permitted burning, out"},
    {.name = "trusted",
     .type = LH_OPTION_SWITCH,
     AT(trusted),
     .fallback = "false",
     .help = "Whether their word may confirm an incident, and close it by the rules of fusion"},
    {.name = "weather",
     .type = LH_OPTION_SWITCH,
     AT(weather),
     .fallback = "false",
     .help = "Whether they may say weather and danger levels: a weather station, a service"},
    {.name = "poses",
     .type = LH_OPTION_SWITCH,
     AT(poses),
     .fallback = "false",
     .help = "Whether they may say where cameras look: whatever drives them"},
    {.name = "cues",
     .type = LH_OPTION_SWITCH,
     AT(cues),
     .fallback = "false",
     .help = "Whether they may ask for a look at a place: a neighbouring county's engine"},
};

const struct lh_option_table lh_person_table = {
    .noun = "entry of 'people'",
    .struct_size = sizeof(struct lh_person_config),
    .rows = rows,
    .count = LH_ROW_COUNT(rows),
};

static int load_key(struct lh_person_config *person, struct lh_findings *findings)
{
    struct lh_fault fault = {0};
    char *secret = NULL;
    int code = lh_secret_load(person->key_file, &fault, &secret);
    if (code == LH_ENOMEM)
        return code;
    if (code != LH_OK)
        lh_findings_add(findings, person->place, "the 'key_file' of '%s' %s", person->name,
                        fault.text);
    else if (strlen(secret) < LH_PERSON_KEY_LEAST || strlen(secret) >= LH_PERSON_KEY)
        lh_findings_add(findings, person->place,
                        "the key in the 'key_file' of '%s' must have %d to %d bytes", person->name,
                        LH_PERSON_KEY_LEAST, LH_PERSON_KEY - 1);
    else
        memcpy(person->key, secret, strlen(secret));
    lh_secret_destroy(&secret);
    return LH_OK;
}

int lh_people_load(struct lh_site *site, struct lh_findings *findings)
{
    for (size_t i = 0; i < site->person_count; i++) {
        struct lh_person_config *person = &site->people[i];
        for (size_t j = 0; j < i; j++)
            if (strcmp(site->people[j].name, person->name) == 0)
                lh_findings_add(findings, person->place, "two people are called '%s'",
                                person->name);
        if (person->key_file[0] != '\0' && load_key(person, findings) != LH_OK)
            return LH_ENOMEM;
    }
    return LH_OK;
}

void lh_people_forget(struct lh_site *site)
{
    for (size_t i = 0; i < site->person_count; i++)
        explicit_bzero(site->people[i].key, sizeof site->people[i].key);
}
