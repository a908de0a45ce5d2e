/* What a plugin declares, checked field by field and copied into the layout this program knows. */
#ifndef LH_DETECT_PLUGIN_TABLE_H
#define LH_DETECT_PLUGIN_TABLE_H

#include "base/error.h"
#include "linhuo_detector.h"

/* theirs: as returned by linhuo_detector_v1(). path: of the file, which must be called name.so. A
 * shorter table is filled up with zeros; rows of another size are brought to this program's size, so
 * that ret_table->settings may be indexed. ret_rows: that copy; the caller frees it after the last
 * use of the table. */
int lh_plugin_table_copy(const char *path, const struct linhuo_detector *theirs,
                         struct lh_fault *fault, struct linhuo_detector *ret_table,
                         struct linhuo_setting **ret_rows);

#endif
