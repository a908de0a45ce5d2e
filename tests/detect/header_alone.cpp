// The same in C++11.
#include "header_alone.c" // NOLINT(bugprone-suspicious-include): the point of this file
