#include "tests/faults/bench.h"
