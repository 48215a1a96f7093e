#include "tests/security/table.h"

int main(int argc, char** argv) { return gateway::security::RunAttacks(argc, argv); }
