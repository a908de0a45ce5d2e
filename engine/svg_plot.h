/* A plot as inline SVG: axes with round ticks, then points and lines by their values.
 *
 * Thread: one owner.
 */
#ifndef LH_SVG_PLOT_H
#define LH_SVG_PLOT_H

#include <stdbool.h>
#include <stdio.h>

struct lh_plot {
    FILE *out;    /* lent */
    double width; /* of the whole picture, in pixels */
    double height;
    double x_least;
    double x_most;
    double y_least;
    double y_most;
    bool y_whole; /* counts: no ticks between whole numbers */
    bool x_root;  /* square-root scale, for what is mostly near 0; x_least must be 0 */
};

/* Opens the picture and draws frame, ticks and names. A range without width is widened. */
void lh_plot_begin(struct lh_plot *plot, const char *x_name, const char *y_name);
/* radius in pixels; class is the CSS class; title appears under the pointer and is escaped. */
void lh_plot_point(const struct lh_plot *plot, double x, double y, double radius, const char *class,
                   const char *title);
/* From one point to another. */
void lh_plot_line(const struct lh_plot *plot, double x0, double y0, double x1, double y1,
                  const char *class);
void lh_plot_end(const struct lh_plot *plot);

/* Text with &, <, > and quotes replaced. */
void lh_html_text(FILE *out, const char *text);

#endif
