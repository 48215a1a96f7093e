// Writes a proto file: two spaces of indentation, 100 columns, all elements in the order of the
// File. The same file always gives the same text, and parsing that text gives the same file. Pure.
#ifndef TOOLS_APIGEN_PRINT_PRINTER_H_
#define TOOLS_APIGEN_PRINT_PRINTER_H_

#include <string>

#include "tools/apigen/print/layout.h"

namespace gateway::apigen {

std::string Print(const File& file);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_PRINT_PRINTER_H_
