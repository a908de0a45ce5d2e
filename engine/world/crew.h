/* One job for each of a number of things, shared among threads.
 *
 * Which thread does which job is fixed beforehand (thread k of n does k, k + n, ...), so that jobs that
 * touch nothing of each other give the same with any number of threads.
 */
#ifndef LH_WORLD_CREW_H
#define LH_WORLD_CREW_H

/* Calls job(opaque, number) for 0 <= number < jobs, at most threads at a time (0: as many as there
 * are processors), the caller's among them; returns when all are done. Where the system refuses a
 * thread, the caller's does its share. Returns LH_OK or the error of the job with the lowest number;
 * a thread stops at its first error. */
int lh_crew_run(unsigned threads, unsigned jobs, int (*job)(void *opaque, unsigned number),
                void *opaque);

#endif
