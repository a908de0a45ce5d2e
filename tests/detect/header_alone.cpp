// The same in C++11.
#include "header_alone.c"
