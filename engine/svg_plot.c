#include "svg_plot.h"

#include <math.h>

#define LEFT 62.0
#define RIGHT 16.0
#define TOP 14.0
#define BOTTOM 48.0
#define TICKS 6
#define ROOM 56.0 /* pixels between ticks of the root scale */

void lh_html_text(FILE *out, const char *text)
{
    for (const char *c = text; *c; c++) {
        switch (*c) {
        case '&':
            (void)fputs("&amp;", out);
            break;
        case '<':
            (void)fputs("&lt;", out);
            break;
        case '>':
            (void)fputs("&gt;", out);
            break;
        case '"':
            (void)fputs("&quot;", out);
            break;
        default:
            (void)fputc(*c, out);
        }
    }
}

static double across(const struct lh_plot *plot, double x)
{
    const double share = plot->x_root ? sqrt(fmax(x, 0) / plot->x_most)
                                      : (x - plot->x_least) / (plot->x_most - plot->x_least);
    return LEFT + share * (plot->width - LEFT - RIGHT);
}

static double down(const struct lh_plot *plot, double y)
{
    const double share = (y - plot->y_least) / (plot->y_most - plot->y_least);
    return plot->height - BOTTOM - share * (plot->height - TOP - BOTTOM);
}

/* 1, 2 or 5 times a power of ten, so that about TICKS fit. */
static double tick_step(double range)
{
    const double rough = range / TICKS;
    const double power = pow(10, floor(log10(rough)));
    const double lead = rough / power;
    return power * (lead > 5 ? 10 : lead > 2 ? 5 : lead > 1 ? 2 : 1);
}

static void draw_x_tick(const struct lh_plot *plot, double x)
{
    const double place = across(plot, x);
    (void)fprintf(plot->out,
                  "<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>"
                  "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%.4g</text>\n",
                  place, TOP, place, plot->height - BOTTOM, place, plot->height - BOTTOM + 16, x);
}

/* 0, then 1, 2 and 5 times powers of ten, where they have room; and the end. */
static void draw_root_ticks(const struct lh_plot *plot)
{
    static const double leads[] = {1, 2, 5};
    double last = across(plot, 0);
    draw_x_tick(plot, 0);
    for (int power = -6; power < 7; power++)
        for (int i = 0; i < 3; i++) {
            const double x = leads[i] * pow(10, power);
            if (x > plot->x_most || across(plot, x) - last < ROOM)
                continue;
            draw_x_tick(plot, x);
            last = across(plot, x);
        }
}

static void draw_x_ticks(const struct lh_plot *plot)
{
    if (plot->x_root) {
        draw_root_ticks(plot);
        return;
    }
    const double step = tick_step(plot->x_most - plot->x_least);
    const long last = (long)floor(plot->x_most / step + 1e-9);
    for (long i = (long)ceil(plot->x_least / step - 1e-9); i <= last; i++)
        draw_x_tick(plot, (double)i * step);
}

static void draw_y_ticks(const struct lh_plot *plot)
{
    double step = tick_step(plot->y_most - plot->y_least);
    if (plot->y_whole && step < 1)
        step = 1;
    const long last = (long)floor(plot->y_most / step + 1e-9);
    for (long i = (long)ceil(plot->y_least / step - 1e-9); i <= last; i++) {
        const double y = (double)i * step;
        const double place = down(plot, y);
        (void)fprintf(
            plot->out,
            "<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>"
            "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%.4g</text>\n",
            LEFT, place, plot->width - RIGHT, place, LEFT - 6, place + 4, y);
    }
}

static void widen(double *least, double *most)
{
    if (!(*most > *least)) {
        const double more = fmax(fabs(*least) * 0.1, 0.5);
        *most = *least + more;
        *least -= *least > 0 ? more : 0;
    }
}

void lh_plot_begin(struct lh_plot *plot, const char *x_name, const char *y_name)
{
    widen(&plot->x_least, &plot->x_most);
    widen(&plot->y_least, &plot->y_most);
    (void)fprintf(plot->out,
                  "<svg viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" role=\"img\">\n",
                  plot->width, plot->height, plot->width, plot->height);
    draw_x_ticks(plot);
    draw_y_ticks(plot);
    (void)fprintf(plot->out, "<text class=\"name\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">",
                  (LEFT + plot->width - RIGHT) / 2, plot->height - 12);
    lh_html_text(plot->out, x_name);
    (void)fprintf(plot->out,
                  "</text><text class=\"name\" transform=\"translate(15 %.1f) rotate(-90)\" "
                  "text-anchor=\"middle\">",
                  (TOP + plot->height - BOTTOM) / 2);
    lh_html_text(plot->out, y_name);
    (void)fputs("</text>\n", plot->out);
}

void lh_plot_point(const struct lh_plot *plot, double x, double y, double radius, const char *class,
                   const char *title)
{
    if (!isfinite(x) || !isfinite(y))
        return;
    (void)fprintf(plot->out, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"><title>",
                  class, across(plot, x), down(plot, y), radius);
    lh_html_text(plot->out, title);
    (void)fputs("</title></circle>\n", plot->out);
}

void lh_plot_line(const struct lh_plot *plot, double x0, double y0, double x1, double y1,
                  const char *class)
{
    if (!isfinite(x0) || !isfinite(y0) || !isfinite(x1) || !isfinite(y1))
        return;
    (void)fprintf(plot->out,
                  "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", class,
                  across(plot, x0), down(plot, y0), across(plot, x1), down(plot, y1));
}

void lh_plot_end(const struct lh_plot *plot)
{
    (void)fputs("</svg>\n", plot->out);
}
