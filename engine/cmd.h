/* The commands of the linhuo program, one file each (cmd_NAME.c).
 *
 * argv[0] is the command's own name. Each answers --help. They return the exit status of the process:
 * 0 done, 1 failed, 2 wrong usage or configuration.
 */
#ifndef LH_CMD_H
#define LH_CMD_H

enum {
    LH_EXIT_DONE = 0,
    LH_EXIT_FAILED = 1,
    LH_EXIT_USAGE = 2,
};

int lh_cmd_calibrate(int argc, char **argv);
int lh_cmd_check(int argc, char **argv);
int lh_cmd_hotspots(int argc, char **argv);
int lh_cmd_danger(int argc, char **argv);
int lh_cmd_plugins(int argc, char **argv);
int lh_cmd_replay(int argc, char **argv);
int lh_cmd_report(int argc, char **argv);
int lh_cmd_run(int argc, char **argv);
int lh_cmd_sample_config(int argc, char **argv);
int lh_cmd_status(int argc, char **argv);
int lh_cmd_tune(int argc, char **argv);
int lh_cmd_viewshed(int argc, char **argv);
int lh_cmd_watch(int argc, char **argv);

#endif
