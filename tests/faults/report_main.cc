#include "tests/faults/report.h"

int main(int argc, char** argv) { return gateway::faults::RunCases(argc, argv); }
